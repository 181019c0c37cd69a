"""The place: road, roadside, sky and lamps."""
