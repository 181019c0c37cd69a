"""How the network of bodies and loads is made: rendered vehicles cut out, varied, learned, measured."""
