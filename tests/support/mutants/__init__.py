"""Change one thing of the numeric rooms at a time, and see whether a quick test fails: ``make mutants N=150 SEED=1``.

`sites` finds what can be changed, `reach` which tests run the line, `trial` runs them on the change, `__main__` draws,
keeps a journal and tells which changes lived. `equivalent.toml` lists changes that no test can find, with the reason.
"""
