using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MedCor.Tests.EndToEnd.Authentication;

/// <summary>Tests the pages with a browser that runs no scripts, as a user walks through them.</summary>
public partial class SignInPagesTests
{
    private const string NewPassword = "Neues-Kennwort-9";

    private static readonly NpmPackages Phone = new("EndToEnd/Authentication/phone");
    private static readonly Lazy<bool> IsInstalled = new(() => Task.Run(Phone.Install).Result);

    [BrowserFact]
    public async Task A_user_logs_in_allows_less_than_a_program_asks_for_and_returns_to_it()
    {
        var user = await TestUser.Create();
        using var client = await OAuthClient.Register();
        client.RedirectUri = $"http://127.0.0.1:{ServiceProcess.FreePort()}/callback";
        await using var browser = await Browser.OpenWithoutScripts();
        var page = await browser.NewPageAsync();
        await page.RouteAsync($"{client.RedirectUri}**", route => route.FulfillAsync(new() { Body = "The program goes on." }));

        await page.GotoAsync(client.GetAuthorizationAddress(("scope", "appointments.read people.read")).ToString());
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Log in with a passkey" })).ToBeHiddenAsync();
        await LogIn(page, user.Email, "wrong");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The e-mail address or the password is wrong.");
        await LogIn(page, user.Email, user.Password);
        await Expect(page.GetByRole(AriaRole.Heading)).ToHaveTextAsync("Allow Planner access?");
        await Expect(page.GetByText($"You are logged in as {user.Email}.")).ToBeVisibleAsync();
        await page.GetByLabel("Read users, doctors, patients and specialties.").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();

        await Expect(page.GetByText("The program goes on.")).ToBeVisibleAsync();
        var (status, tokens) = await client.Redeem(HttpUtility.ParseQueryString(new Uri(page.Url).Query)["code"]!);
        Assert.Equal((HttpStatusCode.OK, "appointments.read"), (status, (string?)tokens["scope"]));
        var access = tokens.AccessToken();
        Assert.Equal(user.Id.ToString(), new JsonWebToken(access).Subject);
        Assert.Equal(HttpStatusCode.OK, (await client.Call(access, "list_appointments")).Status);
        Assert.Equal("PERMISSION_DENIED", (await client.Call(access, "list_doctors")).Code);
    }

    [BrowserFact]
    public async Task A_user_who_has_forgotten_the_password_sets_a_new_one_by_the_link_in_a_mail()
    {
        var user = await TestUser.Create();
        using var mails = await MailboxClient.Open();
        await using var browser = await Browser.OpenWithoutScripts();
        var page = await browser.NewPageAsync();

        await page.GotoAsync(await GetAddress("/oauth/login?return=%2Foauth%2Faccount"));
        await page.GetByRole(AriaRole.Link, new() { Name = "Forgot your password?" }).ClickAsync();
        await page.GetByLabel("E-mail address").FillAsync(user.Email);
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the link" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync($"If {user.Email} belongs to an account");

        var link = Link().Match((await mails.WaitFor(user.Email, "Set a new password")).Text).Value;
        await page.GotoAsync(link);
        await SetPassword("password");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This password cannot be accepted. Choose another one.");
        await SetPassword(NewPassword);
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Your password is set. All former sessions were ended.");
        await page.GetByRole(AriaRole.Link, new() { Name = "Log in" }).ClickAsync();
        await LogIn(page, user.Email, NewPassword);

        await page.GotoAsync(await GetAddress("/oauth/account"));
        await Expect(page.GetByText(user.Email)).ToBeVisibleAsync();
        Assert.Equal("AUTH_INVALID", (await TestUser.PostLogIn(user.Email, user.Password)).Code);
        await page.GotoAsync(link);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("This link is not valid, or no longer.");

        async Task SetPassword(string password)
        {
            await page.GetByLabel("New password").FillAsync(password);
            await page.GetByRole(AriaRole.Button, new() { Name = "Set the password" }).ClickAsync();
        }
    }

    [BrowserFact]
    public async Task A_user_sets_up_an_authenticator_app_and_logs_in_with_it_and_with_a_recovery_code()
    {
        Assert.True(IsInstalled.Value, Phone.Missing);
        var user = await TestUser.Create();
        await using var browser = await Browser.OpenWithoutScripts();
        var page = await browser.NewPageAsync();

        await page.GotoAsync(await GetAddress("/oauth/account"));
        await LogIn(page, user.Email, user.Password);
        await page.GetByRole(AriaRole.Link, new() { Name = "Set up an authenticator app" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "QR code with the key that is below" })).ToBeVisibleAsync();
        var key = await page.Locator("code").InnerTextAsync();
        await page.GetByLabel("The six digits that the app shows").FillAsync(await ReadPhone(key));
        await page.GetByRole(AriaRole.Button, new() { Name = "Set up" }).ClickAsync();
        await Expect(page.Locator(".codes li")).ToHaveCountAsync(10);
        var recoveryCode = await page.Locator(".codes li").First.InnerTextAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Continue" }).ClickAsync();
        await Expect(page.GetByText("An authenticator app is set up. Unused recovery codes: 10.")).ToBeVisibleAsync();

        // The app's next code: that of the set-up is spent.
        await LogInAgain(await ReadPhone(key, secondsFromNow: 30));
        await Expect(page.GetByText("Unused recovery codes: 10.")).ToBeVisibleAsync();
        await LogInAgain(recoveryCode);
        await Expect(page.GetByText("Unused recovery codes: 9.")).ToBeVisibleAsync();
        await LogInAgain(recoveryCode);
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("The code is wrong or was used before.");

        async Task LogInAgain(string code)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
            await page.GotoAsync(await GetAddress("/oauth/account"));
            await LogIn(page, user.Email, user.Password);
            await page.GetByLabel("Code", new() { Exact = true }).FillAsync(code);
            await page.GetByRole(AriaRole.Button, new() { Name = "Log in", Exact = true }).ClickAsync();
        }
    }

    private static async Task LogIn(IPage page, string email, string password)
    {
        await page.GetByLabel("E-mail address").FillAsync(email);
        await page.GetByLabel("Password").FillAsync(password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in", Exact = true }).ClickAsync();
    }

    /// <summary>Returns the code that the user's phone shows for a key.</summary>
    private static async Task<string> ReadPhone(string key, int secondsFromNow = 0)
    {
        var (exitCode, said) = await Phone.Run("node", "code.mjs", key, secondsFromNow.ToString(CultureInfo.InvariantCulture));
        Assert.True(exitCode == 0, said);
        return said.Trim();
    }

    private static async Task<string> GetAddress(string path) => new Uri((await MedCorFixture.Get()).Gateways[0], path).ToString();

    [GeneratedRegex(@"http\S+/oauth/set-password\?token=\S+")]
    private static partial Regex Link();
}
