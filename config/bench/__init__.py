"""`./carillon bench`: how fast Carillon is, beside what others build and beside what the machine can do at most.

A *workload* (`workloads/`, one file each) says what is done; its *contenders* do it in turns, interleaved; what each
turn did is checked, and a turn that did not do all of its work has no figure. `runner` runs, `report/` tells.
"""
