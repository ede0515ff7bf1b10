using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using PRTS.Api.Access;
using PRTS.Storage.Access;
using PRTS.Web.Access.SignIn;

namespace PRTS.Web.Access;

/// <summary>Password and providers of one tenant. Where passwords are for emergencies alone, they come last.</summary>
public partial class LoginPage(SignInProvidersStore providers, WebOptions options)
{
    private IReadOnlyList<SignInProvider> buttons = [];
    private string tenant = "";
    private bool isPasswordLast;

    [SupplyParameterFromQuery] public string? ReturnUrl { get; set; }

    [SupplyParameterFromQuery] public string? Error { get; set; }

    [SupplyParameterFromQuery] public string? Tenant { get; set; }

    [CascadingParameter] private HttpContext? Http { get; set; }

    private bool IsOther => tenant != options.Tenant;

    private string? Problem => Error switch
    {
        null or "" => null,
        "many" => "Login.Many",
        "busy" => "Login.Busy",
        "unrecorded" => "Login.Unrecorded",
        "form" => "Login.Form",
        "elsewhere" => "Login.Elsewhere",
        "emergencies" => "Login.EmergenciesOnly",
        "silent" => "Login.Silent",
        "provider" => "Login.ProviderRefused",
        _ => "Login.Refused",
    };

    protected override async Task OnInitializedAsync()
    {
        tenant = SignInTenant.OfPage(Tenant, Http, options);
        var cancellation = Http?.RequestAborted ?? CancellationToken.None;
        buttons = [.. (await providers.List(tenant, cancellation)).Where(provider => provider.Enabled && provider.Kind != SignInKind.Ldap)];
        isPasswordLast = buttons.Count > 0 && (await providers.Policy(tenant, cancellation)).Passwords == PasswordSignIn.BreakGlass;
    }

    private string AddressOf(SignInProvider provider)
    {
        var address = $"/login/with/{provider.Name}{SignInTenant.Query(tenant, options)}";
        return ReturnUrl is null ? address : QueryHelpers.AddQueryString(address, "returnUrl", ReturnUrl);
    }
}
