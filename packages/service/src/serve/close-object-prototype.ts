// Nothing can be added to what all objects have in common: a key that slipped through every check still changes nothing
// (T-56). Not frozen: libraries give objects of theirs members called `toString` or `constructor`, which a frozen
// prototype would refuse.

export const closeObjectPrototype = (): void => {
  Object.preventExtensions(Object.prototype);
};
