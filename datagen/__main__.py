"""`python -m datagen`, for machines where the script is not on the PATH."""

from datagen.cli import main

main()
