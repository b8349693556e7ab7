"""The application: its frame, then the page asked for.

`atlas servir` gives this very file to Streamlit. With a main script beside a `pages/` folder,
Streamlit guesses pages of its own at the first visit and answers a deep link with « Page not
found »; here it finds no such folder.
"""

import streamlit as st

from pages.composants import cadre, navigation, televersement
from pipelines.base.erreurs import AtlasError

IMPREVU = "imprevu"
DEFAUT = (
    "Un défaut d'Atlas empêche cette page de s'afficher. Rien de ce qui est gardé n'est perdu.  \n"
    "Que faire : recharger la page ; si cela recommence, donner son adresse et l'heure à qui tient "
    "Atlas, qui en trouvera la cause dans le journal du serveur."
)


def dessiner() -> None:
    """Draw the side bar and run the page of the address; refusals are told in French."""
    televersement.garder_en_memoire()
    st.set_page_config(page_title="Atlas SSFE", layout="wide", initial_sidebar_state=256)
    st.html("<script>document.documentElement.lang = 'fr'</script>", unsafe_allow_javascript=True)
    st.html(
        "<style>[data-testid='stMainBlockContainer'] {padding: 2.5rem 3rem 2rem}"
        "[data-testid='stSidebarHeader'] {height: 2.5rem; margin-bottom: 0}"
        # its own export writes formulas and no warning: ours, below each table, does not
        "[data-testid='stElementToolbarButton']:has([aria-label^='Download as CSV'])"
        " {display: none}"
        # Streamlit's own grey falls short of a contrast of 4.5 to 1
        ".stApp [data-testid='stCaptionContainer'] {opacity: 0.75}"
        ".stPlotlyChart :is(.xtick, .ytick, .g-xtitle, .g-ytitle, .annotation) text"
        " {fill: currentColor !important; opacity: 0.75}"
        ".stPlotlyChart .legend text {fill: currentColor !important}"
        # the name of a town is read over the marks of its sites
        ".stPlotlyChart .textpoint text {fill: currentColor !important; paint-order: stroke;"
        " stroke: Canvas; stroke-opacity: 0.8; stroke-width: 3px}"
        # the buttons of a map are the page's, light or dark
        ".stPlotlyChart .updatemenu-button rect"
        " {fill: currentColor !important; fill-opacity: 0.08 !important;"
        " stroke: currentColor !important; stroke-opacity: 0.3 !important}"
        ".stPlotlyChart .updatemenu-button text {fill: currentColor !important}"
        # a table shares its width by what its columns say, and not evenly beyond 25 rem
        "[data-testid='stTable'] td [data-testid='stMarkdownContainer'] {max-width: 60rem}"
        "[data-testid='stTable'] :is(td, th):not(:first-of-type) {padding-left: 0.45rem}"
        "[data-testid='stTable'] td a {overflow-wrap: anywhere}"
        # the accent is too dark for words on a dark page: the line below says which tab is open
        ".stTabs [role='tab'][aria-selected='true'] {color: inherit !important}"
        # what leads elsewhere, or downloads, is seen to be pressed
        "[data-testid='stMain'] [data-testid='stBaseButton-tertiary'] p,"
        "[data-testid='stMain'] [data-testid='stPageLink'] p"
        " {text-decoration: underline; text-underline-offset: 0.2em;"
        " text-decoration-color: color-mix(in srgb, currentColor 40%, transparent)}"
        # the pages fit the height of a small screen, under their headings
        "[data-testid='stSidebar'] [data-testid='stPageLink'] a {padding-block: 0.1rem}"
        "[data-testid='stSidebar'] [data-testid='stVerticalBlock'] {gap: 0.25rem}"
        "[data-testid='stSidebar'] [data-testid='stMarkdownContainer'] {margin-bottom: 0}"
        "[data-testid='stSidebar'] [data-testid='stAlertContainer']"
        " {padding: 0.4rem 0.6rem; margin-top: 0.5rem}"
        "[data-testid='stSidebar'] [data-testid='stAlertContainer'] p"
        " {font-size: 0.85rem; margin-bottom: 0}"
        "[data-testid='stSidebar'] [data-testid='stCaptionContainer'] {padding-top: 0.5rem}"
        # what Streamlit says of a defect, in English, is said in French above it
        f".stApp:has(.st-key-{IMPREVU}) [data-testid='stException'] {{display: none}}"
        # the words beside a box to tick are read whole
        "[data-testid='stCheckbox'] [data-testid='stMarkdownContainer'] p"
        f" {{white-space: normal; overflow: visible}}{cadre.STYLE_DES_NOMBRES}</style>"
    )
    try:
        navigation.navigation().run()
    except AtlasError as erreur:
        st.error(erreur.message().replace("\n", "  \n"))
    except Exception:
        with st.container(key=IMPREVU):
            st.error(DEFAUT)
        # the server's log has the rest
        raise


if __name__ == "__main__":
    dessiner()
