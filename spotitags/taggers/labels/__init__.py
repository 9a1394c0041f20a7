"""Labels that open-vocabulary taggers look for: built-in themes and custom lists."""
