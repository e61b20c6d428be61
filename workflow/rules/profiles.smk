# Needs nothing but the configuration's `benchmark`.
# Gives results/profiles/{backend}_epoch.*: an epoch of NumPy by function, as csv, as cProfile's
# listing and as a page; of TensorFlow by operation, of CuPy by phase of its kernel, as csv and listing.
# These jobs use one thread of a whole machine: nothing runs beside them. TensorFlow's does not, since
# it takes longer to load than it runs.


rule profile_epoch:
    output:
        profile="results/profiles/{backend}_epoch.csv",
        listing="results/profiles/{backend}_epoch.txt",
        call_tree="results/profiles/{backend}_epoch.html",
    wildcard_constraints:
        backend="published|numpy",
    conda:
        "../../envs/training.yaml"
    threads: WHOLE_MACHINE
    resources:
        mem_mb=growing(lambda wildcards: facts(wildcards.backend).memory_mb),
        runtime=growing(60),
    params:
        code=lambda wildcards: code_digest(
            "profile_epoch.py", f"vae.backends.{wildcards.backend}"
        ),
        backend="{backend}",
        settings=JOB | {"published_steps": BENCHMARK["published_steps"]},
        root_seed=config["seed"],
    script:
        "../../scripts/profile_epoch.py"


rule profile_operations:
    output:
        profile="results/profiles/{backend}_epoch.csv",
        listing="results/profiles/{backend}_epoch.txt",
    wildcard_constraints:
        backend="|".join(outputs.COMPILED),
    conda:
        "../../envs/training.yaml"
    threads: lambda wildcards: WHOLE_MACHINE if facts(wildcards.backend).needs_gpu else 1
    resources:
        mem_mb=growing(lambda wildcards: facts(wildcards.backend).memory_mb),
        runtime=growing(60),
    params:
        code=lambda wildcards: code_digest(
            "profile_operations.py",
            {"cupy": "study.benchmark.gpu", "tensorflow": "study.benchmark.xla"}[
                wildcards.backend
            ],
            f"vae.backends.{wildcards.backend}",
        ),
        backend="{backend}",
        settings=JOB,
        root_seed=config["seed"],
    script:
        "../../scripts/profile_operations.py"
