"""A drop zone that speaks French: Streamlit's own words can only be hidden and written over."""

import streamlit as st

MOTS = """<style>
[data-testid='stFileUploaderDropzone'] button [data-testid='stMarkdownContainer'] {display: none}
[data-testid='stFileUploaderDropzone'] button > div::after {content: 'Choisir des fichiers'}
[data-testid='stFileUploaderDropzoneInstructions'] * {display: none}
[data-testid='stFileUploaderDropzoneInstructions']::after
  {content: 'ou les déposer ici : FORMATS, 200 Mo au plus chacun'}
[data-testid='stFileChipName'] + div {display: none}
</style>"""
# What is drawn by a style has no name for a screen reader, and the zone is drawn anew at each drop.
NOMS = """<script>
(() => {
  const nommer = () => {
    const zone = "[data-testid='stFileUploader']";
    for (const bouton of document.querySelectorAll(`${zone} button, ${zone} input`)) {
      const retire = bouton.closest("[data-testid='stFileChip']");
      const fichier = retire?.querySelector("[data-testid*='Name']")?.textContent ?? "";
      const nom = retire ? `Retirer ${fichier}`.trim() : "Choisir des fichiers";
      if (bouton.getAttribute("aria-label") !== nom) bouton.setAttribute("aria-label", nom);
    }
  };
  nommer();
  window.atlasNoms ??= new MutationObserver(nommer);
  window.atlasNoms.observe(document.body, {childList: true, subtree: true});
})();
</script>"""


def en_francais(formats: str) -> None:
    """Put French words in every drop zone of the page, which takes files of `formats`."""
    st.html(MOTS.replace("FORMATS", formats) + NOMS, unsafe_allow_javascript=True)
