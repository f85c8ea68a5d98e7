"""A folder in Broden's layout, small but real."""

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.baselines.broden import read_broden
from conceptevo_jax.errors import DataError, UsageError

HEADER = "image,split,ih,iw,sh,sw,color,object,part,material,scene,texture\n"


def write_map(path, numbers):
    pixels = np.zeros((*numbers.shape, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = numbers % 256, numbers // 256
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "images" / "pascal"
    place.mkdir(parents=True)
    bright = np.full((20, 20, 3), 200, np.uint8)
    for name in ("car", "two", "bare"):
        Image.fromarray(bright).save(place / f"{name}.png")
    car = np.zeros((20, 20), int)
    car[:10] = 300
    write_map(place / "car_object.png", car)
    first, second = np.zeros((20, 20), int), np.zeros((20, 20), int)
    first[:, :5], second[:, 5:14] = 300, 7
    write_map(place / "two_a.png", first)
    write_map(place / "two_b.png", second)
    lines = [
        "pascal/car.png,train,20,20,20,20,,pascal/car_object.png,,,,",
        "pascal/two.png,val,20,20,20,20,,pascal/two_a.png;pascal/two_b.png,,,,",
        "pascal/bare.png,train,20,20,20,20,,,,,5,",
    ]
    (tmp_path / "index.csv").write_text(HEADER + "\n".join(lines) + "\n")
    (tmp_path / "label.csv").write_text("number,name,category\n7,dog,o\n300,car,o\n")
    return tmp_path


def test_objects_are_shown_and_named(folder):
    broden = read_broden(folder, side=20, limit=10)
    assert broden.ids == ("pascal/car.png", "pascal/two.png")
    assert [broden.names[label] for label in broden.labels] == ["car", "dog"]
    np.testing.assert_array_equal(broden.pixels[0, :10], 200)
    np.testing.assert_array_equal(broden.pixels[0, 10:], 0)
    # The union of both maps.
    np.testing.assert_array_equal(broden.pixels[1, :, :14], 200)
    np.testing.assert_array_equal(broden.pixels[1, :, 14:], 0)


def test_images_get_the_side_that_is_asked_for(folder):
    broden = read_broden(folder, side=10, limit=1)
    assert broden.pixels.shape == (1, 10, 10, 3)


def test_what_is_missing_or_broken_is_named(folder, tmp_path):
    (folder / "images/pascal/two_b.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"two_b\.png is no image"):
        read_broden(folder, side=20, limit=10)
    (folder / "label.csv").write_text("id,name\n1,dog\n")
    with pytest.raises(DataError, match=r"label\.csv has no column number"):
        read_broden(folder, side=20, limit=10)
    (folder / "index.csv").write_text(HEADER + "a.png,train,1,1,1,1,,,,,,\n")
    with pytest.raises(DataError, match="no image with a map of objects"):
        read_broden(folder, side=20, limit=10)
    (folder / "index.csv").unlink()
    with pytest.raises(DataError, match=r"index\.csv cannot be read"):
        read_broden(folder, side=20, limit=10)


def test_no_image_at_all_is_said(folder):
    with pytest.raises(UsageError, match="limit must be above 0, not 0"):
        read_broden(folder, side=20, limit=0)
    for name in ("car_object", "two_a", "two_b"):
        write_map(folder / f"images/pascal/{name}.png", np.zeros((20, 20), int))
    with pytest.raises(DataError, match=r"none of 2 images drawn.*shows an object"):
        read_broden(folder, side=20, limit=10)


def test_a_label_without_a_number_is_said(folder):
    (folder / "label.csv").write_text("number,name\nseven,dog\n")
    with pytest.raises(DataError, match=r"label\.csv has a label whose number.*seven"):
        read_broden(folder, side=20, limit=10)


@pytest.mark.parametrize("name", ["../index.csv", "pascal/../../label.csv", "/etc"])
def test_names_in_a_list_lead_nowhere_else(folder, name):
    text = (folder / "index.csv").read_text()
    (folder / "index.csv").write_text(text.replace("pascal/car.png", name))
    with pytest.raises(DataError, match=r"is no image that can be read .it leads to "):
        read_broden(folder, side=20, limit=10)
