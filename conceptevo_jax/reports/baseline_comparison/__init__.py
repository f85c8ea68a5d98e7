"""ConceptEvo beside NeuroCartography and ACE: Fig. 9, Sec. 4.6."""
