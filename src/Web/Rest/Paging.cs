using Microsoft.AspNetCore.Http.HttpResults;

namespace PRTS.Web.Rest;

/// <summary>Which part of a list: <c>skip</c> from 0, <c>take</c> 1 to 200 (50 when it is not given).</summary>
public readonly record struct Paging(int? Skip, int? Take)
{
    public const int Most = 200;

    public int From => Skip ?? 0;

    public int Count => Take ?? 50;

    /// <summary>Null when both are right.</summary>
    public ProblemHttpResult? Problem => From < 0 ? Problems.Invalid($"'skip' is {From}; it must be 0 or more.")
        : Count is < 1 or > Most ? Problems.Invalid($"'take' is {Count}; it must be from 1 to {Most}.")
        : null;
}
