"""Option on the titles of albums."""

from typing import Annotated

import typer

Titles = Annotated[
    bool | None,
    typer.Option(
        "--titles/--no-titles",
        help="Use words in the titles of albums, too, which are no sight of a cover; by default, training"
        " does not, and a prediction does if the model was trained so.",
    ),
]
