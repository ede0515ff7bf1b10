using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using PRTS.Api.Access;
using PRTS.Audit;
using PRTS.Contracts;
using PRTS.Contracts.Access;
using PRTS.Contracts.Projects;
using PRTS.Storage.Access;
using PRTS.Web.Rest;

namespace PRTS.Web.Access;

/// <summary>Why a change was not made.</summary>
public enum Refusal
{
    /// <summary>What was asked for cannot be.</summary>
    Invalid,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>There is one already.</summary>
    Conflict,

    /// <summary>Whoever asks may not do that.</summary>
    Forbidden,
}

/// <summary>A change that was not made.</summary>
/// <param name="Text">What is wrong and what would be right, in a sentence.</param>
public sealed record Refused(Refusal Why, string Text)
{
    /// <summary>What is wrong with what was asked for; null when nothing is.</summary>
    public static Refused? Invalid(string? problem) => Because(Refusal.Invalid, problem);

    /// <summary>What whoever asks may not do; null when they may.</summary>
    public static Refused? Forbidden(string? problem) => Because(Refusal.Forbidden, problem);

    public ProblemHttpResult Answer() => Why switch
    {
        Refusal.NotFound => Problems.NotFound(Text),
        Refusal.Conflict => Problems.Conflict(Text),
        Refusal.Forbidden => Problems.Of(StatusCodes.Status403Forbidden, "forbidden", Text),
        _ => Problems.Invalid(Text),
    };

    private static Refused? Because(Refusal why, string? problem) => problem is null ? null : new(why, problem);
}

/// <summary>Makes and changes tenants, organizations, teams and roles, for the API and for pages. Answers: why not; null when it is done.</summary>
public sealed class DirectoryChanges(IGrainFactory grains, Accounts accounts, DirectoryReadModel directory)
{
    /// <summary>What the audit log says of a new tenant.</summary>
    public static AuditFields Fields(CreateTenant request)
    {
        var fields = new AuditFields { ["name"] = request.Name, ["administrator"] = request.Administrator?.Name ?? "" };
        if (request.DisplayName.Length > 0) fields["displayName"] = request.DisplayName;
        return fields;
    }

    /// <summary>What the audit log says of a new organization.</summary>
    public static AuditFields Fields(CreateOrganization request)
    {
        var fields = new AuditFields { ["name"] = request.Name };
        if (request.Description.Length > 0) fields["description"] = request.Description;
        return fields;
    }

    /// <summary>What the audit log says of a user who is taken into a team.</summary>
    public static AuditFields Added(string user) => new() { ["added"] = user };

    /// <summary>As the audit log names it.</summary>
    public static AuditTarget Organization(string name) => new("organization", name, Name: null, name);

    public async Task<Refused?> CreateTenant(CreateTenant request)
    {
        if ((NameProblem("a tenant", request.Name) ?? DescriptionProblem(request.DisplayName)) is { } refused) return refused;
        if (request.Administrator is { } unfit && Invalid(Accounts.NameProblem(unfit.Name) ?? Accounts.PasswordProblem(unfit.Password, unfit.Name)) is { } wrong) return wrong;
        if (await grains.Tenant(request.Name).Create(request.DisplayName) is { } problem) return new(Refusal.Conflict, problem);
        return request.Administrator is { } first ? (await accounts.Create(request.Name, new() { Name = first.Name, Password = first.Password, Role = Accounts.Name(Role.Admin) }, by: null)).Problem : null;
    }

    /// <summary>Nobody of a disabled tenant gets in; nothing of it is lost.</summary>
    public async Task<Refused?> SetTenantEnabled(string tenant, bool enabled) =>
        !ProjectId.IsValidName(tenant) || await grains.Tenant(tenant).Get() is null ? new(Refusal.NotFound, $"There is no tenant '{tenant}'.")
        : Invalid(await grains.Tenant(tenant).SetEnabled(enabled));

    public async Task<Refused?> CreateOrganization(string tenant, CreateOrganization request) =>
        NameProblem("an organization", request.Name)
        ?? (ReservedNames.Contains(request.Name) ? Invalid(ReservedNames.Refusal(request.Name)) : DescriptionProblem(request.Description))
        ?? (await grains.Organization(tenant, request.Name).Create(request.Description) ? null : new(Refusal.Conflict, $"There is an organization '{request.Name}' already."));

    public async Task<Refused?> Describe(string tenant, string org, string description) =>
        DescriptionProblem(description) ?? (await grains.Organization(tenant, org).Describe(description) ? null : NoOrganization(org));

    /// <summary>Makes a team, or says what it is for.</summary>
    public async Task<Refused?> SetTeam(string tenant, string org, string team, string description)
    {
        if ((NameProblem("a team", team) ?? DescriptionProblem(description)) is { } refused) return refused;
        if (await grains.Organization(tenant, org).Get() is null) return NoOrganization(org);
        await grains.Team(tenant, org, team).Set(description);
        return null;
    }

    /// <summary>Makes a role of the tenant's own, or changes it. Whoever may make roles must not make one that has more than they have.</summary>
    public async Task<Refused?> SetRole(ClaimsPrincipal by, CustomRole role) =>
        role.Permissions.FirstOrDefault(pattern => !AccessRules.IsPattern(pattern)) is { } unknown
            ? Invalid($"'{unknown}' is no permission. There are {string.Join(", ", AccessRules.All.Order(StringComparer.Ordinal))}; noun:* stands for all of a noun, * for all.")
            : role.Permissions.FirstOrDefault(pattern => !MayAll(by, pattern)) is { } beyond
            ? new(Refusal.Forbidden, $"You do not have all of {beyond} in the whole tenant, so you cannot make a role of it.")
            : FormerBeyond(by, role.Name) ?? Invalid(await grains.Tenant(by.Tenant()).SetRole(role));

    /// <summary>Removes a role of the tenant's own; wherever it was given first, so that no other of its name is had by those who had it.</summary>
    public async Task<Refused?> RemoveRole(ClaimsPrincipal by, string role)
    {
        if (FormerBeyond(by, role) is { } beyond) return beyond;
        if (AccessRules.ParseRole(role) is not null) return Invalid(await grains.Tenant(by.Tenant()).RemoveRole(role));
        foreach (var (scope, subject) in await directory.Holders(by.Tenant(), role)) await grains.Grants(by.Tenant(), scope).Take(subject.ToString(), role);
        return Invalid(await grains.Tenant(by.Tenant()).RemoveRole(role));
    }

    /// <summary>Whether somebody has all in the whole tenant that the pattern covers, as far as a tenant can have it.</summary>
    public static bool MayAll(ClaimsPrincipal user, string pattern) => AccessRules.All.Where(permission => AccessRules.Matches(pattern, permission))
        .All(permission => user.May(permission, AccessScope.Tenant) || AccessRules.IsNothing(user.Tenant(), permission));

    /// <summary>Nobody takes what they do not have: a role that has more is not theirs to change.</summary>
    private static Refused? FormerBeyond(ClaimsPrincipal by, string name) =>
        by.Facts()!.CustomRoles.TryGetValue(name, out var former) && former.FirstOrDefault(pattern => !MayAll(by, pattern)) is { } beyond
            ? new(Refusal.Forbidden, $"The role {name} has {beyond}, which you do not have in the whole tenant, so you can neither change nor remove it.")
            : null;

    private static Refused? NameProblem(string what, string name) =>
        ProjectId.IsValidName(name) ? null : Invalid($"'{name}' cannot be {what}'s name: use 1–64 of a-z 0-9 . _ -, beginning with a letter or digit.");

    private static Refused? DescriptionProblem(string text) => Invalid(AccessDirectory.DescriptionProblem(text));

    private static Refused? Invalid(string? problem) => Refused.Invalid(problem);

    private static Refused NoOrganization(string org) => new(Refusal.NotFound, $"There is no organization '{org}'.");
}
