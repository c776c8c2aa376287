using MedCor.Identity.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;

namespace MedCor.Tests.Unit.Identity;

public class BrowserCookiesTests
{
    [Fact]
    public void A_cookie_goes_to_its_host_over_TLS_alone_and_to_no_script_and_no_form_of_another_site()
    {
        var cookie = BrowserCookies.Create("login", new HostingEnvironment { EnvironmentName = Environments.Production });

        Assert.StartsWith("__Host-", cookie.Name, StringComparison.Ordinal);
        Assert.Equal(("/", null), (cookie.Path, cookie.Domain));
        Assert.Equal((CookieSecurePolicy.Always, SameSiteMode.Lax, true), (cookie.SecurePolicy, cookie.SameSite, cookie.HttpOnly));
    }
}
