"""How wide the reader's window is: what a table may take of it, asked of the browser.

The page says which width it was drawn for: `data-palier` of its root.

The server knows nothing of the window. Rows as high as the narrowest screen needs would waste most
of a larger one, and columns left to the download for want of room there have their place here.
"""

import streamlit as st

PALIERS = (1024, 1280, 1440, 1680, 1920)
"""Widths that tables are laid out for, in pixels: the largest that holds in the window is taken."""
PAR_DEFAUT = 1440  # until the browser has answered
CLE, ETAT = "fenetre", "palier"
_demander = st.components.v2.component(
    "atlas.fenetre",
    js="""
    export default function({ data, setStateValue }) {
        document.documentElement.dataset.palier = data.connu;
        const dire = () => {
            const tenus = data.paliers.filter(palier => palier <= window.innerWidth);
            const palier = Math.max(data.paliers[0], ...tenus);
            if (palier !== data.connu) setStateValue(data.etat, palier);
        };
        dire();
        window.addEventListener("resize", dire);
        return () => window.removeEventListener("resize", dire);
    }
    """,
)


def mesurer() -> None:
    """Ask the browser; the page is drawn again when its answer is another width."""
    _demander(
        key=CLE,
        data={"paliers": PALIERS, "connu": palier(), "etat": ETAT},
        default={ETAT: PAR_DEFAUT},
        height="content",
        **{f"on_{ETAT}_change": lambda: None},
    )


def palier() -> int:
    """The width of `PALIERS` that the window holds, in pixels."""
    dit = st.session_state.get(CLE)
    largeur = dit.get(ETAT) if dit else None
    return largeur if largeur in PALIERS else PAR_DEFAUT
