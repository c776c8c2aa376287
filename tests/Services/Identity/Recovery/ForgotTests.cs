using System.Net;
using System.Net.Http.Json;

namespace MedCor.Tests.Services.Identity.Recovery;

public class ForgotTests
{
    [Fact]
    public async Task An_unknown_address_gets_the_same_answer_and_no_mail()
    {
        var (somebody, nobody, gone) = (await TestUser.Create(), TestUser.NewEmail(), await TestUser.Create());
        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("delete_user", new { user_id = gone.Id });
        using var mails = await MailboxClient.Open();
        using var http = await TestUser.CreateAnonymousClient();
        using var browser = await Pages.Open();

        foreach (var email in new[] { nobody, gone.Email, somebody.Email })
        {
            using var answer = await http.PostAsJsonAsync("/api/auth/reset", new { email });
            Assert.Equal((HttpStatusCode.Accepted, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
            var page = await browser.Submit("/oauth/forgot", ("email", email));
            Assert.Equal(HttpStatusCode.OK, page.Status);
            Assert.Contains($"If {email} belongs to an account", page.Html, StringComparison.Ordinal);
        }

        // Mails are sent in turn: the one to somebody was asked for last.
        await mails.WaitFor(somebody.Email, "Set a new password");
        await Wait.Until(async () => await (await MedCorFixture.Get()).QueryNumber(
            "identity", "SELECT count(*) FROM mails WHERE recipient IN ($1, $2)", nobody, gone.Email) == 0, "the others were handled");
        Assert.Empty(await mails.Read(nobody));
        Assert.Empty(await mails.Read(gone.Email));
    }

    [Fact]
    public async Task An_account_is_sent_only_so_many_links_at_a_time()
    {
        var somebody = await TestUser.Create();
        using var mails = await MailboxClient.Open();
        using var http = await TestUser.CreateAnonymousClient();

        for (var i = 1; i <= 7; i++)
        {
            using var answer = await http.PostAsJsonAsync("/api/auth/reset", new { email = somebody.Email });
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            await Wait.Until(async () => await (await MedCorFixture.Get()).QueryNumber(
                "identity", "SELECT count(*) FROM mails WHERE recipient = $1", somebody.Email) == 0, "the request was handled");
        }

        await Wait.Until(async () => (await mails.Read(somebody.Email)).Count == 5, "five mails");
    }

    [Fact]
    public async Task What_is_no_address_is_refused()
    {
        using var browser = await Pages.Open();

        Assert.NotNull((await TestUser.Post("/api/auth/reset", new { email = "nobody" })).Details!["email"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.Submit("/oauth/forgot", ("email", "nobody"))).Status);
    }
}
