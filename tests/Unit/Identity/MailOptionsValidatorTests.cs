using MedCor.Identity.Mails;

namespace MedCor.Tests.Unit.Identity;

public class MailOptionsValidatorTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("smtp://mail.example", "no-reply@hospital.example")]
    [InlineData("smtp://user:p%40ss@mail.example:587", "MedCor <no-reply@hospital.example>")]
    [InlineData("smtps://mail.example:465/", "no-reply@hospital.example")]
    public void A_mail_server_and_a_sender_or_none_are_accepted(string? url, string? from) =>
        Assert.True(new MailOptionsValidator().Validate(null, new() { Url = url, From = from }).Succeeded);

    [Theory]
    [InlineData("mail.example:25", "no-reply@hospital.example", "MCP_SMTP_URL")]
    [InlineData("http://mail.example", "no-reply@hospital.example", "MCP_SMTP_URL")]
    [InlineData("smtp://mail.example/?secret=hunter2", "no-reply@hospital.example", "MCP_SMTP_URL")]
    [InlineData("smtp://mail.example", null, "MCP_MAIL_FROM")]
    [InlineData("smtp://mail.example", "nobody <", "MCP_MAIL_FROM")]
    public void Whatever_cannot_be_used_is_refused_by_the_name_of_its_variable(string url, string? from, string variable)
    {
        var failure = new MailOptionsValidator().Validate(null, new() { Url = url, From = from }).FailureMessage;

        Assert.Contains(variable, failure, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure, StringComparison.Ordinal);
    }
}
