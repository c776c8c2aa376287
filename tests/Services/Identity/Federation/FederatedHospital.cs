using MedCor.Contracts.Identity;
using MedCor.Tests.Services.Identity.Users;

namespace MedCor.Tests.Services.Identity.Federation;

/// <summary>Represents a new hospital whose staff log in through a provider that a test forges.</summary>
internal sealed class FederatedHospital : IAsyncDisposable
{
    private const string Password = "Korrekt-Pferd-7";

    public required Guid Id { get; init; }
    public required string Subdomain { get; init; }

    /// <summary>Gets an administrator of the hospital.</summary>
    public required ApiClient Admin { get; init; }

    public required ForgedProvider Provider { get; init; }

    public static async Task<FederatedHospital> Open()
    {
        var platform = await ApiClient.LogInShared(TestUser.PlatformAdminEmail);
        var hospital = await CreateUserTests.NewHospital(platform);
        var email = TestUser.NewEmail();
        await platform.Call("create_user",
            new { email, password = Password, first_name = "Ada", last_name = "Testperson", role = "ADMIN", hospital_id = hospital.Id });
        var opened = new FederatedHospital
        {
            Id = hospital.Id, Subdomain = hospital.Subdomain, Admin = await ApiClient.LogIn(email, Password), Provider = await ForgedProvider.Start(),
        };
        await opened.Update(new
        {
            issuer = opened.Provider.Issuer, client_id = ForgedProvider.ClientId, client_secret = ForgedProvider.ClientSecret,
            email_domains = List("people.example"),
        });
        return opened;
    }

    public static string[] List(params string[] texts) => texts;

    public Task<IdentityProvider> Update(object changes) => Admin.Call<IdentityProvider>("update_identity_provider", changes);

    public async Task<TestUser> CreateUser(string role = "NURSE")
    {
        var email = TestUser.NewEmail();
        var user = await Admin.Call<User>("create_user", new { email, password = Password, first_name = "Robin", last_name = "Testperson", role });
        return new(user.Id, email, Password, user);
    }

    /// <summary>Lets the provider say that somebody has logged in.</summary>
    public void Say(string subject, string email, Action<ForgedAnswer>? change = null) => Provider.Forge = answer =>
    {
        (answer.Claims["sub"], answer.Claims["email"]) = (subject, email);
        change?.Invoke(answer);
    };

    /// <summary>Logs in through the provider and opens a page.</summary>
    public async Task<WebPage> LogIn(PageBrowser browser, string next = "/oauth/account") =>
        await browser.Submit(await browser.Get($"/oauth/login/hospital?return={Uri.EscapeDataString(next)}"), ("hospital", Subdomain));

    /// <summary>Returns the number of users who are linked to the provider.</summary>
    public async Task<long> CountLinks() =>
        await (await MedCorFixture.Get()).QueryNumber("identity", "SELECT count(*) FROM identity_links WHERE hospital_id = $1", Id);

    public ValueTask DisposeAsync() => Provider.DisposeAsync();
}
