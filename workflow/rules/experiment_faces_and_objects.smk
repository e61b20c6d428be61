# The optional experiment `faces_and_objects`: why some images are reconstructed better than others.
# Needs evaluations/faces_and_objects.csv, which claims are judged by. Gives nothing of its own.
