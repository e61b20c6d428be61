# Needs the internet, a mirror (--config mirror=..., or the variable VAE_DATA_MIRROR) or files placed
# by hand in data/; only for the datasets that are made of files of the data catalogue.
# Gives results/downloads/{source}/{file}, checked against the data catalogue. Neither a newer module
# nor another mirror brings a file again: it is what its checksum says.

from planning.catalogue import file_pattern, pass_on_mirror

pass_on_mirror(config)


rule download:
    output:
        file="results/downloads/{source}/{file}",
    log:
        "results/logs/downloads/{source}/{file}.log",
    wildcard_constraints:
        source="|".join(CATALOGUE),
        file=file_pattern(CATALOGUE),
    localrule: True
    conda:
        "../../envs/data.yaml"
    resources:
        runtime=growing(120),
    params:
        code=None,
        urls=lookup("{source}/files/{file}/urls", within=CATALOGUE),
        sha256=lookup("{source}/files/{file}/sha256", within=CATALOGUE),
        size=lookup("{source}/files/{file}/bytes", within=CATALOGUE),
    script:
        "../../scripts/download.py"
