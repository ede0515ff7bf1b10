using System.Globalization;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor.Services;
using PRTS.Contracts.Access;

namespace PRTS.Web.Tests.Pages;

/// <summary>Renders components without a browser, as a person of a role in a language.</summary>
public abstract class PageTest : BunitContext
{
    protected PageTest()
    {
        Services.AddLocalization();
        Services.AddMudServices();
        JSInterop.Mode = JSRuntimeMode.Loose;
        As(Role.Admin);
    }

    /// <summary>Policies are the permissions that the role has, by the rules of the product.</summary>
    protected void As(Role role)
    {
        var user = AddAuthorization();
        user.SetAuthorized("somebody");
        user.SetPolicies([.. AccessRules.All.Where(permission => AccessRules.Allows(role, permission))]);
    }

    protected static IDisposable In(string culture)
    {
        var before = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(culture);
        return new Back(before);
    }

    private sealed class Back(CultureInfo before) : IDisposable
    {
        public void Dispose() => CultureInfo.CurrentUICulture = before;
    }
}
