"""Container to container: every pair of the containers that hold f32 as it is, against cp; the same jobs in Python; gzip and shuffle
in HDF5 against h5py; inspection of each."""
import shutil
import sys

from figures import HERE, MEGABYTE, MEMORY, Row, clear, have, printed_seconds, run, seconds, skipped

# container to the ending of its file; TensorFlow's are several
ENDINGS = {"safetensors": ".safetensors", "tf": "", "gguf": ".gguf", "npz": ".npz", "torch": ".bin", "hdf5": ".h5"}
# what reads it in Python, and the modules that takes
PEERS = {"safetensors": ("safetensors",), "tf": ("tensorflow", "safetensors"), "npz": ("numpy", "safetensors"),
         "torch": ("torch", "safetensors"), "hdf5": ("h5py", "safetensors"), "deflated": ("h5py", "safetensors")}


def command(tool, source, target, container, *options):
    return [tool, "convert", source, target, "--to", container, "--names", "keep", *options]


def size(path):
    return sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size


def make_sources(tool, folder):
    """The benchmark's bundle in every container, made once."""
    home = folder / "containers"
    home.mkdir(exist_ok=True)
    sources = {}
    for container, ending in ENDINGS.items():
        sources[container] = home / f"bert{ending}"
        if not sources[container].exists():
            run(command(tool, folder / "bert_large", sources[container], container))
    deflated = home / "deflated.h5"
    if not deflated.exists() and have("h5py"):
        run([sys.executable, HERE / "make_deflated.py", sources["hdf5"], deflated])
    return sources, deflated


def measure(tool, folder, repetitions):
    sources, deflated = make_sources(tool, folder)
    largest = max(map(size, sources.values()))
    memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 3 * largest
    target = (MEMORY if memory else folder) / "weightsmith-matrix"
    target.mkdir(exist_ok=True)
    try:
        yield from measure_inspection(tool, sources, max(5, repetitions))
        yield from measure_pairs(tool, sources, target, max(4, repetitions), "in memory" if memory else "on disk")
        yield from measure_peers(tool, sources, target)
        yield from measure_deflated(tool, deflated, target, max(2, repetitions // 2))
    finally:
        clear(target)


def measure_inspection(tool, sources, repetitions):
    for container, source in sources.items():
        walls = [run([tool, "inspect", source])[0] for _ in range(repetitions)]
        yield Row(f"inspect {container}", seconds(walls), "", "", "<= 0.1 s", min(walls) <= 0.1)


def measure_pairs(tool, sources, folder, repetitions, where):
    peaks = []
    for origin, source in sources.items():
        run(["sh", "-c", 'find "$1" -type f -exec cat {} + >/dev/null', "sh", source])  # into the page cache
        for container, ending in ENDINGS.items():
            copy, ours = folder / "copy", folder / f"ours{ending}"
            copies, walls = [], []
            for _ in range(repetitions):
                copies.append(run(["cp", "-r", source, copy])[0])
                clear(copy)
                wall, peak = run(command(tool, source, ours, container))
                walls.append(wall)
                peaks.append((peak, origin, container))
                clear(ours)
            ratio = min(walls) / min(copies)
            yield Row(f"{origin} to {container}, {where}", seconds(walls), f"cp {seconds(copies)}", f"{ratio:.2f}x", "<= 1.5x", ratio <= 1.5)
    peak, origin, container = max(peaks)
    yield Row("  peak memory of all of them", f"{peak / MEGABYTE:.0f} MB", "", "", "<= 200 MB", peak <= 200 * MEGABYTE, f"{origin} to {container}")


def measure_peers(tool, sources, folder):
    """To safetensors in Python: the container's own library reads, the safetensors package writes. Imports are not counted, our start is."""
    for container, source in sources.items():
        if container not in PEERS:
            continue
        figure = f"{container} to safetensors, against Python"
        if not have(*PEERS[container]):
            yield skipped(figure, ", ".join(PEERS[container]))
            continue
        theirs, ours = folder / "theirs.safetensors", folder / "ours.safetensors"
        python = printed_seconds([sys.executable, HERE / "peer_convert.py", container, source, theirs])
        clear(theirs)
        walls = [run(command(tool, source, ours, "safetensors"))[0]]
        clear(ours)
        yield Row(figure, seconds(walls), f"{'+'.join(PEERS[container])} {seconds(python)}", f"{min(python) / min(walls):.1f}x faster")


def measure_deflated(tool, source, folder, repetitions):
    """h5py reads into memory and stops there; ours writes what it read as well."""
    figure = "read gzip and shuffle in HDF5"
    if not source.exists():
        yield skipped(figure, "h5py")
        return
    ours, python, walls = folder / "ours.safetensors", [], []
    for _ in range(repetitions):
        python += printed_seconds([sys.executable, HERE / "peer_convert.py", "deflated", source, "-"])
        walls.append(run(command(tool, source, ours, "safetensors", "--no-verify"))[0])
        clear(ours)
    times = min(python) / min(walls)
    yield Row(figure, seconds(walls), f"h5py {seconds(python)}", f"{times:.2f}x faster", ">= 1.5x", times >= 1.5, f"{size(source) / 1e9:.2f} GB")
