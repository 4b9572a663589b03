"""The sweep on Ray: the broker as an actor, lanes under Ray Train, trials under Ray Tune. Only shells are here."""
