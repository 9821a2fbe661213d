"""The dashboard's process: the pages, which know no model, and the model that explains a mention when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard import serving
from dashboard.explaining import NoExplanationError, provide

if TYPE_CHECKING:
    from dashboard.explaining import Explain


def explainer() -> Explain:
    """Load the model that the settings name. Raises `NoExplanationError` where it can't be loaded."""
    # Imported late: most who open the dashboard never ask, and torch takes seconds and memory.
    from brandmelder.common import read_settings
    from brandmelder.errors import UsageError
    from brandmelder.models import loaded_explainer
    from nlp.quantised import WeightsError

    try:
        return loaded_explainer(read_settings())
    except (WeightsError, UsageError, OSError, ImportError) as error:
        raise NoExplanationError(str(error)) from error


def main() -> None:
    """Serve the pages (see `dashboard.serving`)."""
    provide(explainer)
    serving.main()


if __name__ == "__main__":
    main()
