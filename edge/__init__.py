"""What it means: a passage and a rule table become a lead with evidence, delivered once."""
