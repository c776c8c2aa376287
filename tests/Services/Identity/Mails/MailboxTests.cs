using System.Net;

namespace MedCor.Tests.Services.Identity.Mails;

public class MailboxTests
{
    [Fact]
    public async Task A_mail_is_shown_as_text_with_links_that_can_be_followed()
    {
        var email = TestUser.NewEmail();
        await (await ApiClient.LogInShared(TestUser.HospitalAdminEmail)).Call("create_user",
            new { email, first_name = "<i>Robin</i>", last_name = "O'Testperson", role = "NURSE" });
        using var mails = await MailboxClient.Open();
        var mail = await mails.WaitFor(email, "Your MedCor account");
        using var http = new HttpClient { BaseAddress = (await MedCorFixture.Get()).GetAddress("mailbox") };

        var list = await http.GetStringAsync($"/?to={Uri.EscapeDataString(email)}");
        using var response = await http.GetAsync($"/mails/{mail.Id}");
        var page = await response.Content.ReadAsStringAsync();

        Assert.Contains($"<a href=\"/mails/{mail.Id}\">Your MedCor account / Ihr MedCor-Konto</a>", list, StringComparison.Ordinal);
        Assert.Contains("Hello &lt;i&gt;Robin&lt;/i&gt; O&#39;Testperson,", page, StringComparison.Ordinal);
        Assert.Matches("<a href=\"http://localhost:\\d+/oauth/set-password\\?token=[\\w-]{43}\" rel=\"noreferrer\">", page);
        Assert.StartsWith("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var missing = await http.GetAsync($"/mails/{Guid.NewGuid()}");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }
}
