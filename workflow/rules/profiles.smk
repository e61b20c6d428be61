# Needs nothing but the configuration's `benchmark`.
# Gives results/profiles: seconds per epoch of every backend, one NumPy epoch by function, and the
# machine they were measured on. These jobs take the whole machine, so that nothing runs beside them.

WHOLE_MACHINE = 64
"""Threads of a timed job; Snakemake lowers it to the cores it was given."""


rule benchmark_backend:
    input:
        code=lambda wildcards: code_inputs(
            "benchmark_backend.py", f"vae.backends.{wildcards.backend}"
        ),
    output:
        timings="results/profiles/backends/{backend}.csv",
    log:
        "results/logs/profiles/{backend}.log",
    conda:
        "../../envs/training.yaml"
    threads: WHOLE_MACHINE
    resources:
        mem_mb=2500,
        runtime="1h",
        gpu=lambda wildcards: int(wildcards.backend == "cupy"),
    params:
        backend="{backend}",
        settings=config["benchmark"],
        root_seed=config["seed"],
    script:
        "../../scripts/benchmark_backend.py"


rule collect_timings:
    input:
        timings=expand(
            "results/profiles/backends/{backend}.csv",
            backend=config["benchmark"]["backends"],
        ),
        code=code_inputs("collect_timings.py"),
    output:
        table="results/profiles/backends.csv",
    log:
        "results/logs/profiles/backends.log",
    conda:
        "../../envs/evaluation.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/collect_timings.py"


rule profile_numpy_epoch:
    input:
        code=code_inputs("profile_numpy_epoch.py", "vae.backends.numpy"),
    output:
        profile="results/profiles/numpy_epoch.csv",
        listing="results/profiles/numpy_epoch.txt",
    log:
        "results/logs/profiles/numpy_epoch.log",
    conda:
        "../../envs/training.yaml"
    threads: WHOLE_MACHINE
    resources:
        mem_mb=1500,
        runtime="1h",
    params:
        settings=config["benchmark"],
        root_seed=config["seed"],
    script:
        "../../scripts/profile_numpy_epoch.py"


rule describe_machine:
    input:
        # Not read: described anew whenever the timings are.
        "results/profiles/backends.csv",
        code=code_inputs("describe_machine.py"),
    output:
        machine="results/profiles/machine.json",
    log:
        "results/logs/profiles/machine.log",
    conda:
        "../../envs/training.yaml"
    threads: WHOLE_MACHINE
    resources:
        mem_mb=500,
        runtime="10m",
    script:
        "../../scripts/describe_machine.py"
