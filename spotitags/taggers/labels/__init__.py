"""Labels of open-vocabulary taggers: built-in themes and custom lists."""
