"""Parts: what a user may add one more of. One file each; a part carries its own facts.

Kinds are datasets, corruptions, models, circuits, unlearning methods and studies. What stands in the folders of this
package (and in `qunlearn/studies`) is there from the start; files and folders under `parts:` in a configuration join.
"""
