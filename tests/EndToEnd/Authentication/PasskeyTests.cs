using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MedCor.Tests.EndToEnd.Authentication;

/// <summary>Tests passkeys with a browser, because only a browser asks an authenticator.</summary>
public class PasskeyTests
{
    private const string PasskeyButton = "form[data-passkey] button";

    [BrowserFact]
    public async Task A_passkey_logs_in_without_a_password_and_after_one()
    {
        var user = await TestUser.Create();
        await using var page = await Open("/oauth/account/passkey");
        await LogIn(page, user);
        await AddPasskey(page);
        await LogOut(page);

        await page.ClickAsync(PasskeyButton);
        await Expect(page).ToHaveURLAsync(Address(page, "/oauth/account"));
        await Expect(page.GetByText("The device of the test")).ToBeVisibleAsync();
        await LogOut(page);

        await LogIn(page, user);
        await Expect(page).ToHaveURLAsync(Address(page, "/oauth/login/code?return=%2Foauth%2Faccount"));
        await page.ClickAsync(PasskeyButton);
        await Expect(page).ToHaveURLAsync(Address(page, "/oauth/account"));
        var refused = await TestUser.PostLogIn(user.Email, user.Password);
        Assert.Equal(["passkey", "recovery_code"], refused.Details.Strings("factors"));
    }

    [BrowserFact]
    public async Task The_answer_of_a_passkey_is_good_once()
    {
        var user = await TestUser.Create();
        await using var page = await Open("/oauth/account/passkey");
        await LogIn(page, user);
        await AddPasskey(page);
        await LogOut(page);
        IRequest? sent = null;
        page.Request += (_, request) => sent = request.Method == "POST" ? request : sent;
        await page.ClickAsync(PasskeyButton);
        await Expect(page).ToHaveURLAsync(Address(page, "/oauth/account"));

        var again = await page.APIRequest.PostAsync(sent!.Url,
            new() { DataString = sent.PostData, Headers = new Dictionary<string, string> { ["Content-Type"] = "application/x-www-form-urlencoded" } });

        Assert.Equal(400, again.Status);
    }

    [BrowserFact]
    public async Task A_passkey_that_was_removed_logs_in_no_more()
    {
        var user = await TestUser.Create();
        await using var page = await Open("/oauth/account/passkey");
        await LogIn(page, user);
        await AddPasskey(page);

        await page.ClickAsync("button[name=passkey]");
        await Expect(page.GetByText("The device of the test")).ToHaveCountAsync(0);
        await LogOut(page);
        await page.ClickAsync(PasskeyButton);

        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await TestUser.PostLogIn(user.Email, user.Password)).Status);
    }

    private static async Task<IPage> Open(string path)
    {
        var page = await Browser.OpenPage(new Uri((await MedCorFixture.Get()).Gateways[0], "/healthz").ToString());
        var devTools = await page.Context.NewCDPSessionAsync(page);
        await devTools.SendAsync("WebAuthn.enable");
        await devTools.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        await page.GotoAsync(Address(page, path));
        return page;
    }

    private static async Task LogIn(IPage page, TestUser user)
    {
        await page.FillAsync("#email", user.Email);
        await page.FillAsync("#password", user.Password);
        await page.ClickAsync("form:not([data-passkey]) button");
    }

    private static async Task AddPasskey(IPage page)
    {
        await page.FillAsync("#name", "The device of the test");
        await page.ClickAsync(PasskeyButton);
        await page.ClickAsync("a.button");
        await Expect(page).ToHaveURLAsync(Address(page, "/oauth/account"));
    }

    private static async Task LogOut(IPage page)
    {
        await page.ClickAsync("button[name=log-out]");
        await page.GotoAsync(Address(page, "/oauth/login?return=%2Foauth%2Faccount"));
    }

    private static string Address(IPage page, string path) => new Uri(new Uri(page.Url), path).ToString();
}
