"""ncu's tables, as a file of its own writing shows them: titles, units, then a row a launch."""

from pathlib import Path

import pytest

from earshot_reference.configuration import ReferenceError
from earshot_reference.gpu import nsight

_STALLED = "smsp__average_warps_issue_stalled_{}_per_issue_active.ratio"
_TITLES = {
    "ID": "",
    "Kernel Name": "",
    "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed": "%",
    "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed": "%",
    "gpu__time_duration.sum": "nsecond",
    "launch__block_size": "",
    "launch__grid_size": "",
    "launch__registers_per_thread": "register/thread",
    "sm__throughput.avg.pct_of_peak_sustained_elapsed": "%",
    "sm__warps_active.avg.pct_of_peak_sustained_active": "%",
    _STALLED.format("wait"): "inst",
    _STALLED.format("long_scoreboard"): "inst",
    _STALLED.format("long_scoreboard_not_issued"): "inst",
    _STALLED.format("barrier"): "inst",
}


def _line(cells) -> str:
    return ",".join(f'"{cell}"' for cell in cells)


def _file(folder: Path, kernels, unit="nsecond") -> Path:
    titles = dict(_TITLES, **{"gpu__time_duration.sum": unit})
    rows = [
        _line([i, name, 10, 5, f"{1000 * (i + 1):,}", 256, blocks, 128, 40, 12.5, 1.25, 3.5, 9, 2])
        for i, (name, blocks) in enumerate(kernels)
    ]
    path = folder / "ncu.csv"
    said = ["==PROF== Connected to process 7 (java)", "model  golden  backend"]
    path.write_text("\n".join([*said, _line(titles), _line(titles.values()), *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("mel_kernel", "mel_kernel"),
        ("void <unnamed>::mel_kernel(earshot::LogMel)", "mel_kernel"),
        (
            "void earshot::<unnamed>::product_kernel<(earshot::Arithmetic)1, (bool)0>(earshot::P)",
            "product_kernel<1, 0>",
        ),
        (
            "earshot::unnamed>::product_kernel<(int)1, (int)2>(earshot::P, earshot::unnamed>::A)",
            "product_kernel<1, 2>",
        ),
        (
            "earshot::(anonymous namespace)::scan<(int)16, (bool)1>(earshot::Scan, int)",
            "scan<16, 1>",
        ),
    ],
)
def test_names_lose_what_says_nothing(name, short):
    assert nsight.short_name(name) == short


def test_a_launch_is_a_line(tmp_path):
    path = _file(tmp_path, [("tiny_kernel", 1), ("mel_kernel(X)", 1946), ("linear_kernel", 2)])
    text = nsight.table("A network", path)
    # 2 and 3 us: what ran before the front end is not of this run.
    assert "## A network: 2 kernels, 5 us in sum" in text
    assert "tiny" not in text
    assert (
        "| mel_kernel | 1,946 | 256 | 128 | 2.0 | 40.00 | 10.00 | 5.00 | 12.50 "
        "| long_scoreboard 3.5, barrier 2.0 |" in text
    )


@pytest.mark.parametrize(("unit", "us"), [("us", 1000), ("ms", 1e6), ("ns", 1)])
def test_units_of_time(tmp_path, unit, us):
    launches = nsight.launches(_file(tmp_path, [("a", 1)], unit))
    assert launches[0].values["us"] == pytest.approx(us)


def test_groups_that_repeat_are_written_once(tmp_path):
    block = [("norm", 2), ("product", 9), ("scan", 5), ("product", 4)]
    kernels = [("mel", 1), ("conv", 3), *block * 4, ("pool", 1)]
    launches = nsight.launches(_file(tmp_path, kernels))
    found = nsight.groups(launches)
    assert [(times, [x.kernel for x in group]) for times, group in found] == [
        (1, ["mel", "conv"]),
        (4, ["norm", "product", "scan", "product"]),
        (1, ["pool"]),
    ]
    # The same kernels on other sizes are other launches.
    kernels = [*block, *[(name, blocks + 1) for name, blocks in block]]
    assert len(nsight.groups(nsight.launches(_file(tmp_path, kernels)))) == 1


def test_what_is_no_table_is_refused(tmp_path):
    path = tmp_path / "ncu.csv"
    path.write_text("==ERROR== No kernels were profiled.\n")
    with pytest.raises(ReferenceError, match="No kernels were profiled"):
        nsight.launches(path)
    with pytest.raises(ReferenceError, match="not one launch"):
        nsight.launches(_file(tmp_path, []))
    with pytest.raises(ReferenceError, match="fortnight"):
        nsight.launches(_file(tmp_path, [("a", 1)], "fortnight"))


@pytest.mark.parametrize(
    "table",
    [
        '"ID"\n',
        '"ID","Kernel Name","gpu__time_duration.sum"\n',
        '"ID","Kernel Name","gpu__time_duration.sum"\n"",""\n',
        '"ID","Kernel Name","gpu__time_duration.sum"\n"","","ns"\n"0","k"\n',
    ],
)
def test_a_table_that_breaks_off_is_named(tmp_path, table):
    path = tmp_path / "cut.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(ReferenceError, match=r"cut\.csv: a table that breaks off"):
        nsight.launches(path)
