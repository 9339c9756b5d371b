"""How dates and times are written where a page does not say otherwise: as everywhere on our pages."""
