# Needs nothing but the configuration's `benchmark`.
# Gives results/profiles: seconds of an epoch by implementation and by size, the report's own jobs,
# and the machine they were measured on. These jobs take the whole machine, as profiles do.

ENVIRONMENT = f"../../envs/{'peers' if BENCHMARK['install_peers'] else 'training'}.yaml"


rule benchmark_implementations:
    output:
        timings="results/profiles/backends.csv",
        jobs="results/profiles/report_jobs.csv",
    conda:
        ENVIRONMENT
    threads: WHOLE_MACHINE
    resources:
        # The report's own algorithm takes 3 GB, and every other implementation waits beside it.
        mem_mb=growing(8000),
        runtime=growing(120),
    params:
        code=code_digest(
            "benchmark_implementations.py",
            "study.benchmark.worker",
            *[f"vae.backends.{name}" for name in BENCHMARK["backends"]],
            *[f"study.peers.{name}" for name in BENCHMARK["peers"]],
        ),
        settings=JOB
        | {
            key: BENCHMARK[key]
            for key in ("published_steps", "repeats", "backends", "peers")
        },
        root_seed=config["seed"],
    message:
        "{rule}: times every backend in turns, alone on the machine, for a minute or two"
    script:
        "../../scripts/benchmark_implementations.py"


rule measure_cost_by_size:
    output:
        costs="results/profiles/cost_by_size.csv",
    conda:
        "../../envs/training.yaml"
    threads: WHOLE_MACHINE
    resources:
        mem_mb=growing(3000),
        runtime=growing(60),
    params:
        code=code_digest(
            "measure_cost_by_size.py",
            "study.benchmark.worker",
            *[f"vae.backends.{name}" for name in BENCHMARK["cost"]["backends"]],
        ),
        settings=JOB | {"cost": BENCHMARK["cost"]},
        root_seed=config["seed"],
    script:
        "../../scripts/measure_cost_by_size.py"


rule describe_machine:
    input:
        # Not read: described anew whenever the timings are.
        "results/profiles/backends.csv",
    output:
        machine="results/profiles/machine.json",
    conda:
        ENVIRONMENT
    threads: WHOLE_MACHINE
    script:
        "../../scripts/describe_machine.py"
