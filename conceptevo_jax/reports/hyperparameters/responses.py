"""Every neuron's responses to all images, read once and used by every trial."""

from conceptevo_jax.activations import read_peaks
from conceptevo_jax.data import DecodedImages, Pool
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.stimuli import respond
from conceptevo_jax.types import Responses, record


@record
class Responded:
    """Every neuron's responses to all images of a snapshot.

    Attributes:
      pool: Responses to the pool.
      selection: Responses to the validation images, on which settings are chosen.
    """

    pool: Responses
    selection: Responses


def read_responses(session: Session, run: TrainedRun) -> tuple[Responded, str]:
    """A run's last snapshot on the whole pool and the validation images.

    Args:
      session: Images and store.
      run: The run.

    Returns:
      The responses, and their key in the store.
    """
    snapshot, images = run.snapshots[-1], session.images

    def make_responses() -> Responded:
        variables, reader = snapshot.load(), read_peaks(run.model)

        def read_pool(pool: Pool, pixels: DecodedImages) -> Responses:
            read_peaks = respond(reader, run.model.sites, len(pool), pool.pool_id)
            return read_peaks(variables, pixels)

        return Responded(
            pool=read_pool(images.pool, images.pool_pixels),
            selection=read_pool(images.selection, images.selection_pixels),
        )

    return session.store.record(
        "respond",
        Responded,
        make_responses,
        config={},
        inputs={
            "run": run.key,
            "pool": images.pool.pool_id,
            "selection": images.selection.pool_id,
        },
        about=snapshot.name,
    )
