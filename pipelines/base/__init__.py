"""What every stage may use: paths, French texts, errors, dated parameters, UAI arithmetic."""
