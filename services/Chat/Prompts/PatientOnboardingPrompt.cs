using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Chat.Prompts;

/// <summary>Holds the data of a patient who is being onboarded. Data that the medical record contains is cleared here once the record is written.</summary>
internal sealed class OnboardingData
{
    public string? ReferralSource { get; set; }
    public BasicInformation? Person { get; set; }
    public MedicalHistory? History { get; set; }
    public Insurance? Insurance { get; set; }
    public Consents? Consents { get; set; }
    public DateTimeOffset? ConsentedAt { get; set; }
    public Guid? PatientId { get; set; }
    public Guid? RecordId { get; set; }
    public Guid? DoctorAsked { get; set; }
    public DateOnly? DateAsked { get; set; }
    public Guid? AppointmentId { get; set; }
}

internal sealed class PatientOnboardingPrompt() : Prompt<OnboardingStart, OnboardingData>(
    "patient_onboarding", Callers.HospitalAdmin | Callers.Nurse, "Receives a new patient: who they are, their history, insurance and consents, their account and a first visit.")
{
    public override IReadOnlyList<Step> Steps { get; } =
    [
        DefineStep<BasicInformation>("basic_information", "Who is the patient, and how can they be reached?", SetBasicInformationAsync),
        DefineStep<MedicalHistory>("medical_history", "What illnesses, allergies, medications and operations does the patient tell of? What they do not tell is left out.", SetMedicalHistoryAsync),
        DefineStep<Insurance>("insurance", "Who pays for the treatment? Answer with nothing when no insurer does.", SetInsuranceAsync),
        DefineStep<Consents>("consents", "What does the patient agree to? Without consent to treatment and to the keeping of records nobody can be received.", SetConsentsAsync),
        DefineStep<CreateAccount>("create_account", "Let the patient choose a password. Their account is opened, and what they told goes into their medical record.", OpenAccountAsync),
        DefineStep<ScheduleFirstVisit>("schedule_visit", "Shall the patient come to see somebody? Choose a doctor and a time, or answer with nothing.", ScheduleVisitAsync, VisitOptionsAsync),
    ];

    protected override OnboardingData CreateData(OnboardingStart start) => new() { ReferralSource = start.ReferralSource };

    private static async Task SetBasicInformationAsync(OnboardingData reception, BasicInformation person, StepContext turn)
    {
        await turn.RequirePastAsync(person.DateOfBirth, "date_of_birth");
        reception.Person = person;
    }

    private static Task SetMedicalHistoryAsync(OnboardingData reception, MedicalHistory history, StepContext turn)
    {
        reception.History = history;
        return Task.CompletedTask;
    }

    private static async Task SetInsuranceAsync(OnboardingData reception, Insurance insurance, StepContext turn)
    {
        var none = new Insurance();
        var wrong = new Dictionary<string, List<string>>();
        if (insurance.Provider is null && insurance != none) wrong["provider"] = ["is required with the rest; answer with nothing when there is no insurance"];
        if (insurance.Provider is not null && insurance.PolicyNumber is null) wrong["policy_number"] = ["is required when there is a provider"];
        if (insurance.ValidUntil is { } last && last < await turn.TodayAsync()) wrong["valid_until"] = ["is past: this insurance has run out; give the present one, or answer with nothing"];
        if (wrong.Count > 0) throw new ValidationFailed(wrong);
        reception.Insurance = insurance == none ? null : insurance;
    }

    private static Task SetConsentsAsync(OnboardingData reception, Consents consents, StepContext turn)
    {
        var refused = new Dictionary<string, List<string>>();
        if (!consents.Treatment) refused["treatment"] = ["must be given: without it nobody can be treated"];
        if (!consents.DataProcessing) refused["data_processing"] = ["must be given: without it no record can be kept"];
        if (refused.Count > 0) throw new ValidationFailed(refused);
        (reception.Consents, reception.ConsentedAt) = (consents, turn.Now);
        return Task.CompletedTask;
    }

    private static async Task OpenAccountAsync(OnboardingData reception, CreateAccount account, StepContext turn)
    {
        var person = reception.Person! with { Email = account.Email ?? reception.Person.Email };
        var patient = await turn.CallOnceAsync(new CreateUser(
            person.Email, account.Password, person.FirstName, person.LastName, Role.Patient, turn.HospitalId, person.PhoneNumber, person.DateOfBirth));
        var record = await turn.CallOnceAsync(new CreateMedicalRecord(
            patient.Id, "Onboarding", turn.Caller.Kind == Callers.Nurse ? RecordType.NursingNote : RecordType.Onboarding, Describe(reception)));
        (reception.Person, reception.PatientId, reception.RecordId) = (person, patient.Id, record.Id);
        (reception.History, reception.Insurance, reception.Consents) = (null, null, null);
    }

    private static async Task ScheduleVisitAsync(OnboardingData reception, ScheduleFirstVisit wish, StepContext turn)
    {
        if (wish == new ScheduleFirstVisit()) return;
        if (wish.DoctorId is not { } doctor) throw new ValidationFailed("doctor_id", "is required for a visit; answer with nothing when none is wanted");
        if (wish.AppointmentDate is { } day) await turn.RequireBookableAsync(day, "appointment_date");
        if (wish.AppointmentTime is not { } time)
        {
            (reception.DoctorAsked, reception.DateAsked) = (doctor, wish.AppointmentDate);
            turn.RepeatStep();
            return;
        }
        var date = wish.AppointmentDate ?? throw new ValidationFailed("appointment_date", "is required with a time");
        reception.AppointmentId = (await turn.CallOnceAsync(new CreateAppointment(reception.PatientId!.Value, doctor, date, time, wish.Reason ?? "First visit"))).Id;
    }

    private static async Task<IEnumerable<object>> VisitOptionsAsync(OnboardingData reception, StepContext turn)
    {
        if (reception.DoctorAsked is { } doctor)
            return (await FreeSlot.OnFirstFreeDayAsync(doctor, reception.DateAsked ?? await turn.TodayAsync(), turn)).Select(f => new { DoctorId = doctor, f.AppointmentDate, f.AppointmentTime });
        return (await turn.CallAsync(new ListDoctors(turn.HospitalId, IsAvailable: true) { Limit = 100 })).Results
            .Select(d => new { DoctorId = d.Id, Name = $"{d.FirstName} {d.LastName}", Specialties = d.Specialties.Select(s => s.Name) });
    }

    /// <summary>
    /// Returns the patient's answers as text for the medical record. The text is shorter than a record may be, because every answer is bounded.
    /// </summary>
    private static string Describe(OnboardingData reception)
    {
        var (history, insurance, consents) = (reception.History!, reception.Insurance, reception.Consents!);
        (string Name, string? Text)[] lines =
        [
            ("Conditions", JoinTexts(history.Conditions)),
            ("Allergies", JoinTexts(history.Allergies)),
            ("Medications", JoinTexts(history.Medications)),
            ("Surgeries", JoinTexts(history.Surgeries)),
            ("Family history", history.FamilyHistory),
            ("Notes", history.Notes),
            ("Insurance", insurance is null ? "none" : string.Join(", ", new[] { insurance.Provider, insurance.PolicyNumber, insurance.GroupNumber, insurance.ValidUntil?.ToString("yyyy-MM-dd") }.OfType<string>())),
            ("Consents", string.Join(", ", ConsentLines(consents))),
            ("Consented at", reception.ConsentedAt?.ToString("u")),
            ("Referred by", reception.ReferralSource),
        ];
        return string.Join('\n', lines.Select(line => $"{line.Name}: {(string.IsNullOrEmpty(line.Text) ? "not told" : line.Text)}"));
    }

    private static string? JoinTexts(IReadOnlyList<string>? texts) => texts is null ? null : texts.Count == 0 ? "none" : string.Join("; ", texts);

    private static IEnumerable<string> ConsentLines(Consents consents)
    {
        yield return $"treatment {GivenOrNot(consents.Treatment)}";
        yield return $"data processing {GivenOrNot(consents.DataProcessing)}";
        yield return $"share with insurer {GivenOrNot(consents.ShareWithInsurer)}";
        yield return $"reminders {GivenOrNot(consents.Reminders)}";
        yield return $"research {GivenOrNot(consents.Research)}";
    }

    private static string GivenOrNot(bool given) => given ? "given" : "not given";
}
