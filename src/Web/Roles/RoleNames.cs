using Microsoft.Extensions.Localization;
using PRTS.Contracts.Access;
using PRTS.Web.Access;

namespace PRTS.Web.Roles;

/// <summary>What roles are called on pages: the built-in ones in the reader's language, a tenant's own as it named them.</summary>
public static class RoleNames
{
    public static string Of(IStringLocalizer texts, string role) =>
        AccessRules.ParseRole(role) is { } builtIn and not Role.None ? texts[$"Role.{Accounts.Name(builtIn)}"].Value : role;
}
