"""ConceptEvo compared with NeuroCartography and ACE: Fig. 9, Sec. 4.6."""
