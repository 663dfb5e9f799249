"""Designs (ontwerpen): everything that is decided about a process before it opens, and nothing that happens in it.

One value that the wizard fills, a file holds, a preset is, and a process is made of:

    choices.py    what one choice is, and how its value is read
    model.py      a whole design: its choices, themes and phases; what is still undecided or doesn't fit together
    files.py      a design as a TOML file, and what is wrong with somebody else's
    making.py     from a design to a process, back, and what may still change
"""
