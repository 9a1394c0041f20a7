"""Places on a cover: which of them speak for a genre or a tag, by an exact split and by occlusion."""
