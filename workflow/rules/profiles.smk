# Needs nothing but the configuration's `benchmark`.
# Gives results/profiles/{backend}_epoch.*: an epoch of NumPy by function, as csv, as cProfile's
# listing and as a page. These jobs use one thread of a whole machine: nothing runs beside them.


rule profile_epoch:
    output:
        profile="results/profiles/{backend}_epoch.csv",
        listing="results/profiles/{backend}_epoch.txt",
        call_tree="results/profiles/{backend}_epoch.html",
    log:
        "results/logs/profiles/{backend}_epoch.log",
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
