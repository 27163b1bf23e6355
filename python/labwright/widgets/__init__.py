"""How pipelines and runs look: text, Mermaid, dot, SVG, and a live view in a notebook."""
