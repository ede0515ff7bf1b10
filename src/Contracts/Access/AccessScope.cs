using PRTS.Contracts.Projects;

namespace PRTS.Contracts.Access;

/// <summary>Where in a tenant something holds: everywhere, in an organization, or in a project.</summary>
/// <param name="Org">Null: in all of the tenant.</param>
/// <param name="Project">Null: in all of the organization.</param>
[GenerateSerializer, Alias("prts.access-scope"), Immutable]
public readonly record struct AccessScope([property: Id(0)] string? Org = null, [property: Id(1)] string? Project = null)
{
    public static AccessScope Tenant => default;

    public static AccessScope Of(ProjectId project) => new(project.Org, project.Name);

    /// <summary>Whether what holds here holds there, too.</summary>
    public bool Contains(AccessScope other) => Org is null || (Org == other.Org && (Project is null || Project == other.Project));

    /// <summary>The places that this one lies in, the nearest first: what is given there holds here.</summary>
    public IReadOnlyList<AccessScope> Wider => Project is not null ? [new(Org), Tenant] : Org is not null ? [Tenant] : [];

    /// <summary>As people write it: <c>org</c> or <c>org/project</c>; empty for the whole tenant.</summary>
    public override string ToString() => Project is not null ? $"{Org}/{Project}" : Org ?? "";

    /// <summary>Null when it is none: see <see cref="ToString"/>.</summary>
    public static AccessScope? Parse(string? text) => text?.Split('/') switch
    {
        null or [""] => Tenant,
        [var org] when ProjectId.IsValidName(org) => new(org),
        [var org, var project] when ProjectId.IsValidName(org) && ProjectId.IsValidName(project) => new(org, project),
        _ => null,
    };
}
