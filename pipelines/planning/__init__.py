"""Stage 5. The planning core: a problem in, a plan with its proofs out; pure functions.

`probleme` states a problem and its JSON form, `assemblage` builds one from the warehouse,
`modele` holds its rules and objectives. `solveur` runs the stages with three tools: CP-SAT on
small problems, `recuit` for good plans, `decomposition` for proven bounds, all from `depart`.
`verification` judges any plan without sharing code with them.
"""
