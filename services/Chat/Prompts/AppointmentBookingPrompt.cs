using MedCor.Contracts;
using MedCor.Contracts.Chat;
using MedCor.Contracts.Clinical;
using MedCor.Contracts.Identity;

namespace MedCor.Chat.Prompts;

/// <summary>Holds the data of an appointment that is being booked.</summary>
internal sealed class AppointmentBookingData
{
    public Guid? PatientId { get; set; }
    public string? PatientName { get; set; }
    public string? Search { get; set; }
    public string? Reason { get; set; }
    public Guid? SpecialtyId { get; set; }
    public Guid? DoctorId { get; set; }
    public string? DoctorName { get; set; }
    public DateOnly? PreferredDate { get; set; }
    public DateOnly? AppointmentDate { get; set; }
    public TimeOnly? AppointmentTime { get; set; }

    /// <summary>Gets or sets the slots that were free when the chosen time turned out to be taken.</summary>
    public IReadOnlyList<FreeSlot>? Alternatives { get; set; }
    public Guid? AppointmentId { get; set; }
    public Confirmation? Confirmation { get; set; }
}

internal sealed class AppointmentBookingPrompt() : Prompt<BookingStart, AppointmentBookingData>(
    "appointment_booking", Callers.Everyone, "Books a visit to a doctor: who comes, why, to whom and when.")
{
    /// <summary>The maximum number of doctors that a recommendation compares.</summary>
    private const int DoctorsCompared = 10;

    public override IReadOnlyList<Step> Steps { get; } =
    [
        DefineStep<SelectPatient>("select_patient", "Who is the visit for? Choose a patient, or search by name or e-mail address.", SelectPatientAsync, PatientsAsync, KnownPatient),
        DefineStep<DescribeConcern>("describe_concern", "What is it about? A specialty may be chosen; without one, every doctor is offered.", DescribeConcernAsync, SpecialtiesAsync),
        DefineStep<ChooseDoctor>("choose_doctor", "Which doctor should it be? Choose one, or have the one recommended who is free first.", ChooseDoctorAsync, DoctorsAsync),
        DefineStep<PickTime>("pick_time", "When? A day alone shows what is free from it on.", PickTimeAsync, FreeSlotsAsync),
        DefineStep<ConfirmBooking>("confirm_details", "Is everything right? Confirming books the visit; to change something, answer its step anew.", ConfirmAsync),
        DefineStep<SendConfirmation>("send_confirmation", "The visit is booked. Tell patient and doctor now? They hear it live; no letter and no e-mail goes out.", SendConfirmationAsync),
    ];

    protected override AppointmentBookingData CreateData(BookingStart start) => new() { PatientId = start.PatientId, PreferredDate = start.PreferredDate };

    protected override Task VerifyAsync(AppointmentBookingData booking, StepContext turn) => booking.PreferredDate is { } day ? turn.RequireBookableAsync(day, "preferred_date") : Task.CompletedTask;

    private static SelectPatient? KnownPatient(AppointmentBookingData booking, StepContext turn) =>
        (booking.PatientId ?? (turn.Caller.Kind == Callers.Patient ? turn.Caller.UserId : null)) is { } id ? new(id) : null;

    private static async Task SelectPatientAsync(AppointmentBookingData booking, SelectPatient chosen, StepContext turn)
    {
        booking.Search = chosen.Search;
        if (chosen.PatientId is not { } id)
        {
            if (chosen.Search is null) throw new ValidationFailed("patient_id", "is required, or else search");
            turn.RepeatStep();
            return;
        }
        var patient = await turn.GetActivePatientAsync(id);
        (booking.PatientId, booking.PatientName, booking.Search) = (patient.Id, $"{patient.FirstName} {patient.LastName}", null);
    }

    private static async Task<IEnumerable<object>> PatientsAsync(AppointmentBookingData booking, StepContext turn) =>
        (await turn.CallAsync(new ListPatients(turn.HospitalId, booking.Search))).Results
            .Select(p => new { PatientId = p.Id, Name = $"{p.FirstName} {p.LastName}", p.Email, p.DateOfBirth });

    private static async Task DescribeConcernAsync(AppointmentBookingData booking, DescribeConcern concern, StepContext turn)
    {
        if (concern.SpecialtyId is { } specialty && (await turn.CallAsync(new GetSpecialtyDoctors(specialty, turn.HospitalId) { Limit = 1 })).Total == 0)
            throw new ValidationFailed("specialty_id", "is practised by nobody in this hospital; choose another, or none");
        (booking.Reason, booking.SpecialtyId) = (concern.Reason, concern.SpecialtyId);
    }

    private static async Task<IEnumerable<object>> SpecialtiesAsync(AppointmentBookingData booking, StepContext turn) =>
        (await turn.CallAsync(new ListSpecialties(IsActive: true) { Limit = 100 })).Results.Select(s => new { SpecialtyId = s.Id, s.Code, s.Name, s.Description });

    private static async Task ChooseDoctorAsync(AppointmentBookingData booking, ChooseDoctor chosen, StepContext turn)
    {
        if (chosen.DoctorId is null == !chosen.Recommend) throw new ValidationFailed("doctor_id", "is required, or else recommend: true, but not both");
        var id = chosen.DoctorId ?? await RecommendDoctorAsync(booking, turn);
        var doctor = await turn.CallAsync(new GetDoctorDetails(id));
        if (doctor.HospitalId != turn.HospitalId) throw new NotFound("doctor");
        if (!doctor.IsActive || !doctor.IsAvailable) throw new Conflict("The doctor takes no appointments at present. Choose another.").WithDetail("field", "doctor_id");
        (booking.DoctorId, booking.DoctorName, booking.Alternatives) = (doctor.Id, FullName(doctor), null);
    }

    private static async Task<Guid> RecommendDoctorAsync(AppointmentBookingData booking, StepContext turn)
    {
        var doctors = (await FindDoctorsAsync(booking, turn)).Take(DoctorsCompared).Select(d => d.Id).ToArray();
        return await FreeSlot.FindFirstFreeDoctorAsync(doctors, booking.PreferredDate ?? await turn.TodayAsync(), turn)
            ?? throw new Conflict("No doctor is free in the two weeks that were looked at. Choose one, or another specialty.").WithDetail("field", "recommend");
    }

    private static async Task<IEnumerable<object>> DoctorsAsync(AppointmentBookingData booking, StepContext turn) =>
        (await FindDoctorsAsync(booking, turn)).Select(d => new { DoctorId = d.Id, Name = FullName(d), Specialties = d.Specialties.Select(s => s.Name) });

    private static async Task<IEnumerable<Doctor>> FindDoctorsAsync(AppointmentBookingData booking, StepContext turn) => booking.SpecialtyId is { } specialty
        ? (await turn.CallAsync(new GetSpecialtyDoctors(specialty, turn.HospitalId) { Limit = 100 })).Results.Where(d => d.IsAvailable)
        : (await turn.CallAsync(new ListDoctors(turn.HospitalId, IsAvailable: true) { Limit = 100 })).Results;

    private static async Task PickTimeAsync(AppointmentBookingData booking, PickTime wish, StepContext turn)
    {
        await turn.RequireBookableAsync(wish.AppointmentDate, "appointment_date");
        if (wish.AppointmentTime is not { } time)
        {
            (booking.PreferredDate, booking.Alternatives) = (wish.AppointmentDate, null);
            turn.RepeatStep();
            return;
        }
        var free = await FreeSlot.OnDayAsync(wish.AppointmentDate, booking.DoctorId!.Value, turn);
        if (!free.Contains(new(wish.AppointmentDate, time)))
            throw new Conflict("The doctor is not free then. Choose another time; details.alternatives has what is free.")
                .WithDetail("alternatives", (free.Count > 0 ? free : await FreeSlot.OnFirstFreeDayAsync(booking.DoctorId.Value, wish.AppointmentDate, turn)).Select(f => new { Date = f.AppointmentDate, Time = f.AppointmentTime }));
        (booking.AppointmentDate, booking.AppointmentTime, booking.Alternatives) = (wish.AppointmentDate, time, null);
    }

    private static async Task<IEnumerable<object>> FreeSlotsAsync(AppointmentBookingData booking, StepContext turn) =>
        booking.Alternatives ?? await FreeSlot.OnFirstFreeDayAsync(booking.DoctorId!.Value, booking.PreferredDate ?? await turn.TodayAsync(), turn);

    private static async Task ConfirmAsync(AppointmentBookingData booking, ConfirmBooking answer, StepContext turn)
    {
        if (!answer.Confirm) throw new ValidationFailed("confirm", "must be true to book; to change something, answer its step anew");
        try
        {
            var appointment = await turn.CallOnceAsync(new CreateAppointment(
                booking.PatientId!.Value, booking.DoctorId!.Value, booking.AppointmentDate!.Value, booking.AppointmentTime!.Value, booking.Reason!, answer.Notes));
            booking.AppointmentId = appointment.Id;
        }
        catch (Refused refused) when (FreeSlot.FromConflict(refused) is { Count: > 0 } free)
        {
            booking.Alternatives = free;
            turn.GoBackTo("pick_time", refused.Message);
        }
        catch (Refused refused) when (refused.Code == ErrorCodes.ValidationError && (refused.Details.ContainsKey("appointment_date") || refused.Details.ContainsKey("appointment_time")))
        {
            // The time was free when it was chosen; since then it has passed, or the doctor's hours have changed.
            turn.GoBackTo("pick_time", "The chosen time can no longer be booked. Choose another.");
        }
    }

    private static async Task SendConfirmationAsync(AppointmentBookingData booking, SendConfirmation answer, StepContext turn)
    {
        var visit = await turn.CallAsync(new GetAppointment(booking.AppointmentId!.Value));
        if (visit.Status != AppointmentStatus.Scheduled) throw new Conflict("The appointment has changed meanwhile; there is nothing to confirm.").WithDetail("status", visit.Status);
        var confirmation = new Confirmation(
            visit.Id, visit.HospitalId, visit.PatientId, visit.DoctorId, visit.AppointmentDate, visit.AppointmentTime, visit.TimeZone, turn.Now);
        booking.Confirmation = confirmation;
        turn.Publish(version => new AppointmentConfirmed(confirmation, version));
    }

    private static string FullName(Doctor doctor) => $"{doctor.FirstName} {doctor.LastName}";
}
