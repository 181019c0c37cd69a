"""Where networks are made: data sets from many sources, training, and measuring. Not needed on the box."""
