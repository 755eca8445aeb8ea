import { Component, onWillUnmount, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { useService } from "@web/core/utils/hooks";
import { shrinkPhoto } from "./shrink";

/** The photos that were just taken: what they show, before they are sent. The device has
 * them already: whoever leaves this without a word keeps them. */
export class PhotosDialog extends Component {
    static template = "field_maintenance.PhotosDialog";
    static components = { Dialog };
    static props = {
        // Each with the `key` of its entry, which is held
        photos: Array,
        moment: String,
        close: Function,
    };

    setup() {
        this.queue = useService("field_work_queue");
        const { photos, moment } = this.props;
        this.state = useState({
            photos: photos.map((photo) => ({ ...photo, moment, caption: "" })),
        });
        this.moments = [
            ["before", _t("Before")],
            ["after", _t("After")],
        ];
        onWillUnmount(() => this.release());
    }

    setMoment(photo, moment) {
        photo.moment = photo.moment === moment ? "" : moment;
    }

    async drop(photo) {
        this.state.photos = this.state.photos.filter((one) => one.key !== photo.key);
        if (!this.state.photos.length) {
            this.props.close();
        }
        const entry = this.queue.getEntry(photo.key);
        await (entry && this.queue.discard(entry));
    }

    async discard() {
        for (const photo of this.state.photos) {
            await this.drop(photo);
        }
    }

    async release() {
        for (const { key, moment, caption } of this.state.photos) {
            await this.queue.release(key, { moment, caption: caption.trim() });
        }
    }
}

/** Takes photos with the phone's camera or from its gallery, many at once. */
export class PhotoButton extends Component {
    static template = "field_maintenance.PhotoButton";
    static props = { visit: Object };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.queue = useService("field_work_queue");
        this.inputRef = useRef("input");
        this.state = useState({ isBusy: false });
    }

    async onChange() {
        const input = this.inputRef.el;
        const files = [...input.files];
        // The same photo may be chosen again.
        input.value = "";
        const { visit } = this.props;
        // Most photos are taken when the work is over.
        const moment = visit.photo_count || visit.checklist === "done" ? "after" : "before";
        const photos = [];
        this.state.isBusy = true;
        for (const file of files) {
            try {
                const name = file.name.replace(/\.\w+$/, ".jpg");
                const data = await shrinkPhoto(file);
                const values = { name, data: data.split(",")[1], moment, caption: "" };
                const key = await this.queue.add("photo", visit, values, true);
                photos.push({ key, name, data });
            } catch {
                this.notification.add(_t("%s is no photo that this phone can read.", file.name), {
                    type: "danger",
                });
            }
        }
        this.state.isBusy = false;
        if (photos.length) {
            this.dialog.add(PhotosDialog, { photos, moment });
        }
    }
}
