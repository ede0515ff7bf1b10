namespace PRTS.Api;

/// <summary>A part of a list. <see cref="Total"/> counts all that match, on every page.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, long Total);
