"""How concepts move, spread and appear while a network trains: Sec. 4.5."""
