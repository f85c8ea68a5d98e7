"""Settings of an experiment that are of no kind, no number, or not to be had."""

from mistakes import Mistake, usage

SMOKE = ("experiment=unified_space", "scale=smoke")
PLAN = (*SMOKE, "dataset=shapes", "dry_run=true")


def setting(word: str, *says: str) -> Mistake:
    """One wrong setting of an experiment that is planned."""
    return usage(*PLAN, word, says=says)


WHOLE, NUMBER, TRUTH = "must be a whole number", "must be a number", "true or false"

KINDS = (
    setting("seed=1.5", "seed=1.5", WHOLE),
    setting("seed=one", "seed=one", WHOLE),
    setting("seed=", "seed=", WHOLE),
    setting("seed=“1”", "“1”", WHOLE),
    setting("seed=−1", "−1", WHOLE),
    setting("seed=1;", "1;", WHOLE),
    setting("workers=many", "workers=many", WHOLE),
    setting("time_limit=soon", "time_limit=soon", NUMBER),
    setting("time_limit=1h30", "time_limit=1h30", NUMBER),
    setting("monitor=perhaps", "monitor=perhaps", TRUTH),
    setting("runs.base.epochs=[1,2", "runs.base.epochs", WHOLE),
    setting("runs.base.optimizer.learning_rate=1/100", "1/100", NUMBER),
    setting("runs.base.optimizer.learning_rate=0,1", "0,1", "add --multirun"),
    setting("runs.base.early_steps=first", "early_steps", "must be a list"),
    setting("runs=null", "runs=null", "null is not allowed"),
    setting("importance={a", "importance", "all of its settings together"),
    setting("+runs.new.epochs=1", "runs.new", "+run@runs.NAME"),
    setting("dataset.keep_decoded=maybe", "dataset.keep_decoded", TRUTH),
    setting("explorer.page=sometimes", "explorer.page", TRUTH),
    setting("seed=${nowhere}", "setting seed", "'nowhere' not found"),
    setting("seed=${seed}", "setting seed", "Recursive"),
)

NAMES = (
    setting("sed=1", "unknown setting of the top level 'sed'", "Did you mean 'seed'"),
    setting("+nonsense=1", "'nonsense'", "Valid: alignment"),
    setting("runs.vgg.epochs=1", "'vgg'", "Valid: base, convnext_tiny"),
    setting("runs.base.epoch=1", "'epoch'", "Did you mean 'epochs'"),
    setting("preset=huge", "'huge'", "Valid: full, small, tiny"),
    setting("base=nobody", "unknown run 'nobody'", "Valid: base"),
    setting("base=null", "base names no run", "base=NAME"),
    setting("name=nobody", "unknown experiment 'nobody'", "Valid: alignment"),
    setting("scale_name=a/b", "'a/b' cannot be a name", "Choose a name such as"),
    setting("~runs.base", "unknown run 'base'", "Valid: convnext_tiny"),
    setting("runs.base.model.name=vgg91", "'vgg91'", "Did you mean 'vgg19'"),
    setting("runs.base.model.preset=mini", "'mini'", "Valid: full, small, tiny"),
    setting("runs.base.optimizer.name=adm", "'adm'", "Did you mean 'adamw'"),
    setting("runs.base.optimizer.schedule=cosin", "'cosin'", "Did you mean 'cosine'"),
    setting("runs.base.on_nonfinite=ignore", "'ignore'", "Valid: continue, stop"),
    setting("runs.base.compute=float8", "'float8'", "Valid: bfloat16, float32"),
    setting("method.stimuli.ties=coin", "'coin'", "Valid: hash, order"),
    setting("method.stimuli.dead=ignore", "'ignore'", "Valid: exclude, keep"),
    setting("method.projection.policy=coverd", "'coverd'", "Did you mean 'covered'"),
    setting("method.projection.solver=closed", "'closed'", "'closed_form'"),
    setting("method.layout.metric=cosinus", "'cosinus'", "Did you mean 'cosine'"),
    setting("method.sensitivity.ties=both", "'both'", "Valid: first, one_sided"),
    setting("importance.method=tangent", "'tangent'", "Valid: jvp, transpose"),
    setting("importance.sites=[nowhere]", "'nowhere'", "Valid: features.0"),
    setting("importance.accuracy=train", "'train'", "Valid: eval, running"),
    setting("dataset.name=pets", "unknown data set 'pets'", "folder:PATH"),
    setting("dataset.name=", "unknown data set ''", "folder:PATH"),
    setting("dataset.name=folder:", "unknown data set 'folder:'", "folder:PATH"),
    setting("dataset.name=/data/photos", "'/data/photos'", "folder:PATH"),
    setting("dataset.on_bad_image=ignore", "'ignore'", "Valid: skip, stop"),
    setting("dataset.options.colour=blue", "'colour'", "Valid: test_images"),
    setting("+dataset.options.colour=blue", "'colour'", "Valid: seed, test_images"),
    setting(
        "model@runs.base.model=vgg", "unknown model 'vgg'", "vgg16, vgg16_no_dropout"
    ),
    setting(
        "optimizer@runs.base.optimizer=adam", "unknown optimizer 'adam'", "adamw, sgd"
    ),
    setting("+run@runs.base=none", "unknown run 'none'"),
    setting("hydra/launcher=slurmy", "unknown hydra/launcher 'slurmy'", "basic"),
    usage(
        *SMOKE, "method=papr", says=("unknown method 'papr'", "default, original_code")
    ),
    usage(*SMOKE, "dataset=shape", says=("unknown dataset 'shape'", "'shapes'?")),
    usage(*SMOKE, "dataset=folder:x", says=("unknown dataset 'folder:x'", "folder")),
    usage(*SMOKE, "dataset=folder", says=("dataset.name is missing", "folder:PATH")),
    usage(
        "experiment=Demo", "scale=smoke", says=("unknown experiment 'Demo'", "'demo'?")
    ),
    usage("experiment=", says=("unknown experiment ''", "alignment")),
    usage(
        "experiment=demo",
        "scale=",
        says=("unknown scale ''", "demo, gpu, paper, smoke"),
    ),
)

NUMBERS = (
    setting("seed=-1", "seed", "from 0 to 4294967295, not -1"),
    setting("seed=4294967296", "seed", "not 4294967296"),
    setting("seeds=0", "seeds must be above 0"),
    setting("workers=0", "workers must be above 0"),
    setting("workers=-1", "workers must be above 0"),
    setting("time_limit=-5", "time_limit", "0 or more"),
    setting("time_limit=nan", "time_limit", "0 or more"),
    setting("runs.base.epochs=0", "runs.base.epochs must be above 0"),
    setting("runs.base.batch_size=0", "runs.base.batch_size must be above 0"),
    setting("runs.base.batch_size=9999", "runs.base.batch_size", "300 training images"),
    setting("runs.base.eval_images=0", "runs.base.eval_images must be above 0"),
    setting("runs.base.seed=-1", "runs.base.seed", "from 0 to"),
    setting("runs.base.early_steps=[0]", "runs.base: each of early_steps", "1 or more"),
    setting("runs.base.early_steps=[9999]", "early_steps [9999]", "has 60 steps"),
    setting("runs.base.milestones=[99]", "runs.base.milestones [99]", "run of 4"),
    setting("runs.base.optimizer.learning_rate=0", "runs.base: learning_rate", "> 0"),
    setting("runs.base.optimizer.learning_rate=nan", "learning_rate", "> 0"),
    setting("runs.base.optimizer.momentum=1.5", "runs.base: momentum", "below 1"),
    setting("runs.base.optimizer.weight_decay=-1", "weight_decay", ">= 0"),
    setting("runs.base.optimizer.warmup_epochs=-1", "warmup_epochs", ">= 0"),
    setting("runs.base.regularisation.label_smoothing=2", "label_smoothing", "below 1"),
    setting("runs.base.regularisation.ema=1", "ema", "below 1"),
    setting("runs.base.regularisation.random_crop=-1", "random_crop", ">= 0"),
    setting("runs.base.regularisation.random_crop=99", "random_crop=99", "at most"),
    setting("method.stimuli.k=0", "k must be a whole number, 1 or more"),
    setting("method.embedding.dim=0", "method.embedding.dim must be above 0"),
    setting("method.embedding.learning_rate=inf", "learning_rate must be above 0"),
    setting("method.embedding.negatives=-1", "method.embedding.negatives", "0 or more"),
    setting("method.projection.ridge=-1", "ridge=-1.0", "0 or above"),
    setting("method.projection.temperature=-1", "temperature=-1.0", "or none"),
    setting("method.layout.neighbors=1", "method.layout: neighbors", "2 or more"),
    setting("method.layout.min_dist=2", "method.layout: min_dist", "from 0 to 1"),
    setting("method.layout.stability_seeds=-1", "stability_seeds", "1 or more"),
    setting("importance.classes=11", "importance.classes", "from 1 to 10"),
    setting("importance.images=0", "importance.images must be above 0"),
    setting("reversion.bins=0", "bins must be a whole number, 2 or more"),
    setting("dataset.side=4", "takes images of 32 pixels or more", "dataset.side=32"),
    setting("dataset.train_images=0", "dataset.train_images is 0", "1 to 300"),
    setting("dataset.pool_images=5000", "dataset.pool_images is 5000", "1 to 300"),
    setting("dataset.judgement_images=190", "dataset.judgement_images=190", "250 test"),
    setting("dataset.sample_images=0", "dataset.sample_images must be above 0"),
    setting("dataset.seed=-1", "dataset.seed", "from 0 to"),
    setting("dataset.options.train_images=0", "train_images", "1 or more"),
    setting("++dataset.facts.train=-1", "dataset.facts.train must be above 0"),
    usage(
        *PLAN,
        "distributed=true",
        "workers=4",
        says=("workers=4 with distributed=true", "Leave out one of the two"),
    ),
    usage(
        *("experiment=benchmark", "scale=smoke", "dry_run=true"),
        "benchmark.beside=nowhere",
        says=("benchmark.beside=nowhere is not a checkout", "git worktree add"),
    ),
    usage(
        *("experiment=alignment", "scale=smoke", "dry_run=true"),
        "alignment.hand_picked=photos/a/0.png",
        says=("alignment.hand_picked: photos/a/0.png", "It must be JSON"),
    ),
    usage(
        *("experiment=baseline_comparison", "scale=smoke", "dry_run=true"),
        "baselines.clusters=1",
        says=("baselines.clusters=1", "at least 2 and 3"),
    ),
)

SETTINGS: tuple[Mistake, ...] = (*KINDS, *NAMES, *NUMBERS)
